//! The commands: one file each, with its arguments and what it does.

pub mod asn;
pub mod check;
pub mod commentadd;
pub mod completions;
pub mod db;
pub mod delete;
pub mod deviations;
pub mod dirs;
pub mod disable;
pub mod doctor;
pub mod edit;
pub mod enable;
pub mod export;
pub mod file;
pub mod geoiplookup;
pub mod init;
pub mod instances;
pub mod iplookup;
pub mod later;
pub mod list;
pub mod makehashes;
pub mod man;
pub mod markers;
pub mod mirrorlist;
pub mod new;
pub mod probefile;
pub mod rename;
pub mod scan;
pub mod score;
pub mod show;
pub mod test;
pub mod timestamp;
pub mod update;
pub mod verify;

use crate::cli::Command;
use crate::error::Failure;
use crate::session::Session;

/// Does what was asked for.
///
/// # Errors
/// What the command could not do.
pub fn run(command: Command, session: &mut Session) -> Result<(), Failure> {
    use Command::*;
    match command {
        Init(arguments) => init::run(&arguments, session),
        Instances(arguments) => instances::run(&arguments, session),
        New(arguments) => new::run(&arguments, session),
        List(arguments) => list::run(&arguments, session),
        Show(arguments) => show::run(&arguments, session),
        Edit(arguments) => edit::run(&arguments, session),
        Rename(arguments) => rename::run(&arguments, session),
        Delete(arguments) => delete::run(&arguments, session),
        Enable(arguments) => enable::run(&arguments, session),
        Disable(arguments) => disable::run(&arguments, session),
        Commentadd(arguments) => commentadd::run(&arguments, session),
        Score(arguments) => score::run(&arguments, session),
        Update(arguments) => update::run(&arguments, session),
        Iplookup(arguments) => iplookup::run(&arguments, session),
        GeoiplookupContinent(arguments) => geoiplookup::continent(&arguments, session),
        GeoiplookupCity(arguments) => geoiplookup::city(&arguments, session),
        Test(arguments) => test::run(&arguments, session),
        Probefile(arguments) => probefile::run(&arguments, session),
        File(arguments) => file::run(&arguments, session),
        Dirs(arguments) => dirs::run(&arguments, session),
        Markers(arguments) => markers::run(&arguments, session),
        Mirrorlist(arguments) => mirrorlist::run(&arguments, session),
        Export(arguments) => export::run(&arguments, session),
        Timestamp(arguments) => timestamp::run(&arguments, session),
        Db(arguments) => db::run(&arguments, session),
        Doctor(arguments) => doctor::run(&arguments, session),
        Asn(arguments) => asn::run(&arguments, session),
        Completions(arguments) => completions::run(&arguments, session),
        Man(arguments) => man::run(&arguments, session),
        Check(arguments) => check::run(&arguments, session),
        Deviations(arguments) => deviations::run(&arguments, session),
        Scan(arguments) => scan::run(&arguments, session),
        Probe(_) => later::run("probe"),
        Verify(arguments) => verify::run(&arguments, session),
        Makehashes(arguments) => makehashes::run(&arguments, session),
    }
}
