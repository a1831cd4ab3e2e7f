//! Which continent a country is on.

/// The countries of ISO 3166-1 (and `XK`, Kosovo, which geo databases use) by continent code, as
/// GeoNames assigns them; MaxMind's databases do the same.
const COUNTRIES: [(&str, &str); 7] = [
    (
        "AF",
        "ao bf bi bj bw cd cf cg ci cm cv dj dz eg eh er et ga gh gm gn gq gw ke km lr ls ly ma mg \
         ml mr mu mw mz na ne ng re rw sc sd sh sl sn so ss st sz td tg tn tz ug yt za zm zw",
    ),
    ("AN", "aq bv gs hm tf"),
    (
        "AS",
        "ae af am az bd bh bn bt cc cn ge hk id il in io iq ir jo jp kg kh kp kr kw kz la lb lk mm \
         mn mo mv my np om ph pk ps qa sa sg sy th tj tm tr tw uz vn ye",
    ),
    (
        "EU",
        "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it je li \
         lt lu lv mc md me mk mt nl no pl pt ro rs ru se si sj sk sm ua va xk",
    ),
    (
        "NA",
        "ag ai aw bb bl bm bq bs bz ca cr cu cw dm do gd gl gp gt hn ht jm kn ky lc mf mq ms mx ni \
         pa pm pr sv sx tc tt us vc vg vi",
    ),
    (
        "OC",
        "as au ck cx fj fm gu ki mh mp nc nf nr nu nz pf pg pn pw sb tk tl to tv um vu wf ws",
    ),
    ("SA", "ar bo br cl co ec fk gf gy pe py sr uy ve"),
];

/// By both letters, for a lookup without a search: an index into [`COUNTRIES`].
const TABLE: [[u8; 26]; 26] = table();

const NONE: u8 = u8::MAX;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn table() -> [[u8; 26]; 26] {
    let mut table = [[NONE; 26]; 26];
    let mut continent = 0;
    while continent < COUNTRIES.len() {
        let codes = COUNTRIES[continent].1.as_bytes();
        let mut at = 0;
        while at + 1 < codes.len() {
            let (row, column) = ((codes[at] - b'a') as usize, (codes[at + 1] - b'a') as usize);
            assert!(table[row][column] == NONE, "a country is on two continents");
            table[row][column] = continent as u8;
            at += 3;
        }
        continent += 1;
    }
    table
}

/// The continent of a country by its ISO 3166-1 alpha-2 code, in either case: `AF`, `AN`
/// (Antarctica), `AS`, `EU`, `NA`, `OC` or `SA`. `None` if there is no such country.
pub fn continent_of(country: &str) -> Option<&'static str> {
    let &[first, second] = country.as_bytes() else {
        return None;
    };
    let letter = |byte: u8| byte.to_ascii_lowercase().checked_sub(b'a').map(usize::from);
    let index = *TABLE.get(letter(first)?)?.get(letter(second)?)?;
    COUNTRIES
        .get(usize::from(index))
        .map(|(continent, _)| *continent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_continent_has_its_countries() {
        for (country, continent) in [
            ("DE", "EU"),
            ("de", "EU"),
            ("us", "NA"),
            ("BR", "SA"),
            ("jp", "AS"),
            ("TR", "AS"),
            ("RU", "EU"),
            ("eg", "AF"),
            ("za", "AF"),
            ("NZ", "OC"),
            ("AQ", "AN"),
        ] {
            assert_eq!(continent_of(country), Some(continent), "{country}");
        }
    }

    #[test]
    fn what_is_no_country_is_nowhere() {
        for text in [
            "", "d", "deu", "--", "**", "A1", "EU", "zz", "é", "{{", "d ",
        ] {
            assert_eq!(continent_of(text), None, "{text}");
        }
    }

    #[test]
    fn the_table_is_iso_3166_and_kosovo() {
        let count: usize = COUNTRIES
            .iter()
            .map(|(_, codes)| codes.split(' ').count())
            .sum();
        assert_eq!(count, 249 + 1);
    }
}
