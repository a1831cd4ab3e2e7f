//! `mb new`

use crate::cli::Changes;
use crate::commands::score;
use crate::error::Failure;
use crate::host::{Host, host_of};
use crate::mirror_text::{check_name, check_width};
use crate::places::{Places, check_country, check_region, rounded};
use crate::session::{Session, warn};
use clap::Args;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::server::{self, Column, Decimal, Server};
use pg::Connection;

/// Arguments of `mb new`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The name of the mirror, often that of its host
    identifier: String,

    /// The base URL: what clients are sent to
    #[arg(short = 'H', long, value_name = "URL", required = true)]
    http: String,

    /// Its FTP URL, for scanning
    #[arg(
        short = 'F',
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    ftp: String,

    /// Its rsync URL, for scanning
    #[arg(
        short = 'R',
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    rsync: String,

    /// Its continent, two letters [default: where the host is]
    #[arg(short, long, value_name = "XY")]
    region: Option<String>,

    /// Its country, two letters [default: where the host is]
    #[arg(short, long, value_name = "XY")]
    country: Option<String>,

    /// Who administers it
    #[arg(
        short,
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    admin: String,

    /// Where the administrator can be reached
    #[arg(
        short = 'e',
        long,
        value_name = "ADDRESS",
        default_value = "",
        hide_default_value = true
    )]
    admin_email: String,

    /// Who runs it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    operator_name: String,

    /// The home page of who runs it
    #[arg(
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    operator_url: String,

    /// How often it is chosen: 200 is twice as often
    #[arg(
        short = 'p',
        long,
        value_name = "N",
        default_value = "100",
        alias = "score",
        short_alias = 's',
        allow_hyphen_values = true
    )]
    prio: String,

    /// What administrators should know [default: when it was added]
    #[arg(short = 'C', long, value_name = "TEXT", allow_hyphen_values = true)]
    comment: Option<String>,

    /// Only for clients on its continent
    #[arg(long)]
    region_only: bool,

    /// Only for clients in its country
    #[arg(long)]
    country_only: bool,

    /// Only for clients in its autonomous system
    #[arg(long)]
    as_only: bool,

    /// Only for clients in its network
    #[arg(long)]
    prefix_only: bool,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let score = score::parse(&arguments.prio)?;
    let name = host_of(&arguments.http)?;
    check_name(session.connection()?, &arguments.identifier)?;
    let host = Host::look_up(&name).map_err(|e| {
        Failure::new(format!("{name}: {e}")).hint("is the host of the URL spelled right?")
    })?;
    host.warning().into_iter().for_each(warn);
    let places = Places::of(session)?;
    let connection = session.connection()?;
    let columns = Columns::of(connection, "server")?;
    let mut mirror = described(arguments, score);
    place(arguments, &host, &places, connection, &mut mirror)?;
    join_network(&host, &places, &columns, connection, &mut mirror)?;
    mirror.ipv6_only = host.is_ipv6_only() && columns.has(Column::Ipv6Only.name());
    check_texts(&columns, &mirror)?;
    let what = format!(
        "add {} in {} {}",
        mirror.identifier, mirror.region, mirror.country
    );
    session.change(arguments.changes.dry_run, what, |connection| {
        server::insert(connection, &mirror)?;
        Ok(())
    })
}

/// The row with what was given.
fn described(arguments: &Arguments, score: i16) -> Server {
    let added = || format!("Added - {}", crate::time::ctime());
    Server {
        identifier: arguments.identifier.clone(),
        baseurl: arguments.http.clone(),
        baseurl_ftp: arguments.ftp.clone(),
        baseurl_rsync: arguments.rsync.clone(),
        admin: arguments.admin.clone(),
        admin_email: arguments.admin_email.clone(),
        operator_name: arguments.operator_name.clone(),
        operator_url: arguments.operator_url.clone(),
        score: score.into(),
        comment: arguments.comment.clone().unwrap_or_else(added),
        region_only: arguments.region_only,
        country_only: arguments.country_only,
        as_only: arguments.as_only,
        prefix_only: arguments.prefix_only,
        ..Server::default()
    }
}

/// Where it is: what was given, else where its host is.
fn place(
    arguments: &Arguments,
    host: &Host,
    places: &Places,
    connection: &mut Connection,
    mirror: &mut Server,
) -> Result<(), Failure> {
    let city = places.city(host.address());
    let unknown = || {
        Failure::new(format!("nobody knows where {} is", host.address()))
            .hint("say it: --region XY --country XY")
    };
    mirror.region = match (&arguments.region, &city.continent) {
        (Some(region), _) => {
            check_region(connection, region)?;
            region.clone()
        }
        (None, continent) => continent.as_ref().ok_or_else(unknown)?.to_lowercase(),
    };
    mirror.country = match (&arguments.country, &city.country) {
        (Some(country), _) => {
            check_country(connection, country)?;
            country.clone()
        }
        (None, country) => country.as_ref().ok_or_else(unknown)?.to_lowercase(),
    };
    let (lat, lng) = city.coordinates.unwrap_or_default();
    mirror.lat = Some(Decimal(format!("{:.3}", rounded(lat))));
    mirror.lng = Some(Decimal(format!("{:.3}", rounded(lng))));
    Ok(())
}

/// Its network and autonomous system, as far as the columns hold them.
fn join_network(
    host: &Host,
    places: &Places,
    columns: &Columns,
    connection: &mut Connection,
    mirror: &mut Server,
) -> Result<(), Failure> {
    let Some(network) = places.network(connection, host.address())? else {
        return Ok(());
    };
    if i32::try_from(network.asn).is_ok() {
        mirror.asn = network.asn;
    } else {
        warn(format_args!(
            "AS{} is too large for the column asn",
            network.asn
        ));
    }
    match check_width(columns, Column::Prefix, &network.prefix) {
        Ok(()) => mirror.prefix = network.prefix,
        Err(_) => warn(format_args!(
            "{} is too long for the column prefix",
            network.prefix
        )),
    }
    Ok(())
}

/// Whether the columns hold what was given.
fn check_texts(columns: &Columns, mirror: &Server) -> Result<(), Failure> {
    for (column, text) in [
        (Column::Identifier, &mirror.identifier),
        (Column::OperatorName, &mirror.operator_name),
        (Column::OperatorUrl, &mirror.operator_url),
        (Column::Baseurl, &mirror.baseurl),
        (Column::BaseurlFtp, &mirror.baseurl_ftp),
        (Column::BaseurlRsync, &mirror.baseurl_rsync),
        (Column::Region, &mirror.region),
        (Column::Country, &mirror.country),
        (Column::Admin, &mirror.admin),
        (Column::AdminEmail, &mirror.admin_email),
    ] {
        check_width(columns, column, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::places::rounded;

    #[test]
    fn degrees_are_rounded_as_python_rounds_them() {
        // A decimal in the middle is above or below it once it is binary.
        for (exact, three) in [
            (-10.3099, -10.31),
            (2.0005, 2.001),
            (1.0005, 1.0),
            (-8.3085, -8.309),
            // These are exactly in the middle.
            (52.0625, 52.063),
            (-0.3125, -0.313),
            (0.1875, 0.188),
        ] {
            assert_eq!(rounded(exact), three, "{exact}");
        }
    }
}
