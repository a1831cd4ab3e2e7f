//! The countries of the world: their codes, their continents, their names.

use crate::Continent;

/// The English name that belongs to an ISO 3166-1 alpha-2 code (or one of those that geo databases use
/// beside it), in either case.
pub fn country_name(code: &str) -> Option<&'static str> {
    row(code).map(|(_, _, name)| *name)
}

/// The continent of a country by its ISO 3166-1 alpha-2 code, in either case. `None` if there is no such
/// country.
pub fn continent_of(code: &str) -> Option<Continent> {
    row(code).and_then(|(_, continent, _)| *continent)
}

fn row(code: &str) -> Option<&'static Row> {
    let &[first, second] = code.as_bytes() else {
        return None;
    };
    let letter = |byte: u8| byte.to_ascii_lowercase().checked_sub(b'a').map(usize::from);
    let index = *TABLE.get(letter(first)?)?.get(letter(second)?)?;
    COUNTRIES.get(usize::from(index))
}

/// By both letters, for a look-up without a search: an index into [`COUNTRIES`].
const TABLE: [[u8; 26]; 26] = table();

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn table() -> [[u8; 26]; 26] {
    let mut table = [[u8::MAX; 26]; 26];
    let mut index = 0;
    while index < COUNTRIES.len() {
        let code = COUNTRIES[index].0.as_bytes();
        table[(code[0] - b'a') as usize][(code[1] - b'a') as usize] = index as u8;
        index += 1;
    }
    table
}

type Row = (&'static str, Option<Continent>, &'static str);

const AF: Option<Continent> = Some(Continent::Africa);
const AN: Option<Continent> = Some(Continent::Antarctica);
const AS: Option<Continent> = Some(Continent::Asia);
const EU: Option<Continent> = Some(Continent::Europe);
const NA: Option<Continent> = Some(Continent::NorthAmerica);
const OC: Option<Continent> = Some(Continent::Oceania);
const SA: Option<Continent> = Some(Continent::SouthAmerica);
const NOWHERE: Option<Continent> = None;

/// Code, continent, name: the countries of ISO 3166-1, and what geo databases use beside them (`ap`, `eu`,
/// and `xk`, Kosovo). Continents are those of GeoNames; MaxMind's databases have the same. Sorted by code.
#[rustfmt::skip]
const COUNTRIES: [Row; 252] = [
    ("ad", EU, "Andorra"),
    ("ae", AS, "United Arab Emirates"),
    ("af", AS, "Afghanistan"),
    ("ag", NA, "Antigua and Barbuda"),
    ("ai", NA, "Anguilla"),
    ("al", EU, "Albania"),
    ("am", AS, "Armenia"),
    ("ao", AF, "Angola"),
    ("ap", NOWHERE, "Asia and Pacific"),
    ("aq", AN, "Antarctica"),
    ("ar", SA, "Argentina"),
    ("as", OC, "American Samoa"),
    ("at", EU, "Austria"),
    ("au", OC, "Australia"),
    ("aw", NA, "Aruba"),
    ("ax", EU, "Åland Islands"),
    ("az", AS, "Azerbaijan"),
    ("ba", EU, "Bosnia and Herzegovina"),
    ("bb", NA, "Barbados"),
    ("bd", AS, "Bangladesh"),
    ("be", EU, "Belgium"),
    ("bf", AF, "Burkina Faso"),
    ("bg", EU, "Bulgaria"),
    ("bh", AS, "Bahrain"),
    ("bi", AF, "Burundi"),
    ("bj", AF, "Benin"),
    ("bl", NA, "Saint Barthélemy"),
    ("bm", NA, "Bermuda"),
    ("bn", AS, "Brunei"),
    ("bo", SA, "Bolivia"),
    ("bq", NA, "Caribbean Netherlands"),
    ("br", SA, "Brazil"),
    ("bs", NA, "Bahamas"),
    ("bt", AS, "Bhutan"),
    ("bv", AN, "Bouvet Island"),
    ("bw", AF, "Botswana"),
    ("by", EU, "Belarus"),
    ("bz", NA, "Belize"),
    ("ca", NA, "Canada"),
    ("cc", AS, "Cocos Islands"),
    ("cd", AF, "DR Congo"),
    ("cf", AF, "Central African Republic"),
    ("cg", AF, "Congo"),
    ("ch", EU, "Switzerland"),
    ("ci", AF, "Côte d'Ivoire"),
    ("ck", OC, "Cook Islands"),
    ("cl", SA, "Chile"),
    ("cm", AF, "Cameroon"),
    ("cn", AS, "China"),
    ("co", SA, "Colombia"),
    ("cr", NA, "Costa Rica"),
    ("cu", NA, "Cuba"),
    ("cv", AF, "Cape Verde"),
    ("cw", NA, "Curaçao"),
    ("cx", OC, "Christmas Island"),
    ("cy", EU, "Cyprus"),
    ("cz", EU, "Czechia"),
    ("de", EU, "Germany"),
    ("dj", AF, "Djibouti"),
    ("dk", EU, "Denmark"),
    ("dm", NA, "Dominica"),
    ("do", NA, "Dominican Republic"),
    ("dz", AF, "Algeria"),
    ("ec", SA, "Ecuador"),
    ("ee", EU, "Estonia"),
    ("eg", AF, "Egypt"),
    ("eh", AF, "Western Sahara"),
    ("er", AF, "Eritrea"),
    ("es", EU, "Spain"),
    ("et", AF, "Ethiopia"),
    ("eu", NOWHERE, "Europe"),
    ("fi", EU, "Finland"),
    ("fj", OC, "Fiji"),
    ("fk", SA, "Falkland Islands"),
    ("fm", OC, "Micronesia"),
    ("fo", EU, "Faroe Islands"),
    ("fr", EU, "France"),
    ("ga", AF, "Gabon"),
    ("gb", EU, "United Kingdom"),
    ("gd", NA, "Grenada"),
    ("ge", AS, "Georgia"),
    ("gf", SA, "French Guiana"),
    ("gg", EU, "Guernsey"),
    ("gh", AF, "Ghana"),
    ("gi", EU, "Gibraltar"),
    ("gl", NA, "Greenland"),
    ("gm", AF, "Gambia"),
    ("gn", AF, "Guinea"),
    ("gp", NA, "Guadeloupe"),
    ("gq", AF, "Equatorial Guinea"),
    ("gr", EU, "Greece"),
    ("gs", AN, "South Georgia"),
    ("gt", NA, "Guatemala"),
    ("gu", OC, "Guam"),
    ("gw", AF, "Guinea-Bissau"),
    ("gy", SA, "Guyana"),
    ("hk", AS, "Hong Kong"),
    ("hm", AN, "Heard and McDonald Islands"),
    ("hn", NA, "Honduras"),
    ("hr", EU, "Croatia"),
    ("ht", NA, "Haiti"),
    ("hu", EU, "Hungary"),
    ("id", AS, "Indonesia"),
    ("ie", EU, "Ireland"),
    ("il", AS, "Israel"),
    ("im", EU, "Isle of Man"),
    ("in", AS, "India"),
    ("io", AS, "British Indian Ocean Territory"),
    ("iq", AS, "Iraq"),
    ("ir", AS, "Iran"),
    ("is", EU, "Iceland"),
    ("it", EU, "Italy"),
    ("je", EU, "Jersey"),
    ("jm", NA, "Jamaica"),
    ("jo", AS, "Jordan"),
    ("jp", AS, "Japan"),
    ("ke", AF, "Kenya"),
    ("kg", AS, "Kyrgyzstan"),
    ("kh", AS, "Cambodia"),
    ("ki", OC, "Kiribati"),
    ("km", AF, "Comoros"),
    ("kn", NA, "Saint Kitts and Nevis"),
    ("kp", AS, "North Korea"),
    ("kr", AS, "South Korea"),
    ("kw", AS, "Kuwait"),
    ("ky", NA, "Cayman Islands"),
    ("kz", AS, "Kazakhstan"),
    ("la", AS, "Laos"),
    ("lb", AS, "Lebanon"),
    ("lc", NA, "Saint Lucia"),
    ("li", EU, "Liechtenstein"),
    ("lk", AS, "Sri Lanka"),
    ("lr", AF, "Liberia"),
    ("ls", AF, "Lesotho"),
    ("lt", EU, "Lithuania"),
    ("lu", EU, "Luxembourg"),
    ("lv", EU, "Latvia"),
    ("ly", AF, "Libya"),
    ("ma", AF, "Morocco"),
    ("mc", EU, "Monaco"),
    ("md", EU, "Moldova"),
    ("me", EU, "Montenegro"),
    ("mf", NA, "Saint Martin"),
    ("mg", AF, "Madagascar"),
    ("mh", OC, "Marshall Islands"),
    ("mk", EU, "North Macedonia"),
    ("ml", AF, "Mali"),
    ("mm", AS, "Myanmar"),
    ("mn", AS, "Mongolia"),
    ("mo", AS, "Macao"),
    ("mp", OC, "Northern Mariana Islands"),
    ("mq", NA, "Martinique"),
    ("mr", AF, "Mauritania"),
    ("ms", NA, "Montserrat"),
    ("mt", EU, "Malta"),
    ("mu", AF, "Mauritius"),
    ("mv", AS, "Maldives"),
    ("mw", AF, "Malawi"),
    ("mx", NA, "Mexico"),
    ("my", AS, "Malaysia"),
    ("mz", AF, "Mozambique"),
    ("na", AF, "Namibia"),
    ("nc", OC, "New Caledonia"),
    ("ne", AF, "Niger"),
    ("nf", OC, "Norfolk Island"),
    ("ng", AF, "Nigeria"),
    ("ni", NA, "Nicaragua"),
    ("nl", EU, "Netherlands"),
    ("no", EU, "Norway"),
    ("np", AS, "Nepal"),
    ("nr", OC, "Nauru"),
    ("nu", OC, "Niue"),
    ("nz", OC, "New Zealand"),
    ("om", AS, "Oman"),
    ("pa", NA, "Panama"),
    ("pe", SA, "Peru"),
    ("pf", OC, "French Polynesia"),
    ("pg", OC, "Papua New Guinea"),
    ("ph", AS, "Philippines"),
    ("pk", AS, "Pakistan"),
    ("pl", EU, "Poland"),
    ("pm", NA, "Saint Pierre and Miquelon"),
    ("pn", OC, "Pitcairn Islands"),
    ("pr", NA, "Puerto Rico"),
    ("ps", AS, "Palestine"),
    ("pt", EU, "Portugal"),
    ("pw", OC, "Palau"),
    ("py", SA, "Paraguay"),
    ("qa", AS, "Qatar"),
    ("re", AF, "Réunion"),
    ("ro", EU, "Romania"),
    ("rs", EU, "Serbia"),
    ("ru", EU, "Russia"),
    ("rw", AF, "Rwanda"),
    ("sa", AS, "Saudi Arabia"),
    ("sb", OC, "Solomon Islands"),
    ("sc", AF, "Seychelles"),
    ("sd", AF, "Sudan"),
    ("se", EU, "Sweden"),
    ("sg", AS, "Singapore"),
    ("sh", AF, "Saint Helena"),
    ("si", EU, "Slovenia"),
    ("sj", EU, "Svalbard and Jan Mayen"),
    ("sk", EU, "Slovakia"),
    ("sl", AF, "Sierra Leone"),
    ("sm", EU, "San Marino"),
    ("sn", AF, "Senegal"),
    ("so", AF, "Somalia"),
    ("sr", SA, "Suriname"),
    ("ss", AF, "South Sudan"),
    ("st", AF, "São Tomé and Príncipe"),
    ("sv", NA, "El Salvador"),
    ("sx", NA, "Sint Maarten"),
    ("sy", AS, "Syria"),
    ("sz", AF, "Eswatini"),
    ("tc", NA, "Turks and Caicos Islands"),
    ("td", AF, "Chad"),
    ("tf", AN, "French Southern Territories"),
    ("tg", AF, "Togo"),
    ("th", AS, "Thailand"),
    ("tj", AS, "Tajikistan"),
    ("tk", OC, "Tokelau"),
    ("tl", OC, "Timor-Leste"),
    ("tm", AS, "Turkmenistan"),
    ("tn", AF, "Tunisia"),
    ("to", OC, "Tonga"),
    ("tr", AS, "Türkiye"),
    ("tt", NA, "Trinidad and Tobago"),
    ("tv", OC, "Tuvalu"),
    ("tw", AS, "Taiwan"),
    ("tz", AF, "Tanzania"),
    ("ua", EU, "Ukraine"),
    ("ug", AF, "Uganda"),
    ("um", OC, "US Outlying Islands"),
    ("us", NA, "United States"),
    ("uy", SA, "Uruguay"),
    ("uz", AS, "Uzbekistan"),
    ("va", EU, "Vatican City"),
    ("vc", NA, "Saint Vincent and the Grenadines"),
    ("ve", SA, "Venezuela"),
    ("vg", NA, "British Virgin Islands"),
    ("vi", NA, "U.S. Virgin Islands"),
    ("vn", AS, "Vietnam"),
    ("vu", OC, "Vanuatu"),
    ("wf", OC, "Wallis and Futuna"),
    ("ws", OC, "Samoa"),
    ("xk", EU, "Kosovo"),
    ("ye", AS, "Yemen"),
    ("yt", AF, "Mayotte"),
    ("za", AF, "South Africa"),
    ("zm", AF, "Zambia"),
    ("zw", AF, "Zimbabwe"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_code_in_either_case() {
        assert!(COUNTRIES.is_sorted_by_key(|(code, _, _)| code));
        assert_eq!(country_name("de"), Some("Germany"));
        assert_eq!(country_name("ZW"), Some("Zimbabwe"));
        assert_eq!(country_name("ad"), Some("Andorra"));
        for unknown in ["", "--", "**", "a1", "zz", "deu"] {
            assert_eq!(country_name(unknown), None);
        }
    }

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
            let found = continent_of(country).map(Continent::code);
            assert_eq!(found, Some(continent), "{country}");
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
    fn the_countries_are_iso_3166_and_kosovo() {
        let placed = COUNTRIES
            .iter()
            .filter(|(_, continent, _)| continent.is_some());
        assert_eq!(placed.count(), 249 + 1);
    }
}
