//! The table of arguments. Help, manual pages and completions are made from it.

use crate::commands::{
    asn, check, commentadd, completions, db, delete, deviations, dirs, disable, doctor, edit,
    enable, export, file, geoiplookup, init, instances, iplookup, later, list, makehashes, man,
    markers, mirrorlist, new, probefile, rename, scan, score, show, test, timestamp, update,
    verify,
};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Administers the mirrors of a MirrorBrain site.
#[derive(Debug, Parser)]
#[command(
    name = "mb",
    version,
    infer_long_args = true,
    args_override_self = true,
    max_term_width = 100,
    after_help = "mb help COMMAND tells more about a command. Exit status: 0 done, 1 something went \
                  wrong, 2 the configuration file cannot be parsed, or wrong usage of a command \
                  that MirrorBrain 2.19 had not."
)]
pub struct Cli {
    /// What stands before the command.
    #[command(flatten)]
    pub global: GlobalOptions,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options before the command.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalOptions {
    /// The configuration file [default: /etc/mirrorbrain.conf]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Which MirrorBrain of this machine [default: the first one of the configuration file]
    #[arg(
        short = 'b',
        long = "brain-instance",
        value_name = "NAME",
        env = "MB",
        hide_env_values = true
    )]
    pub instance: Option<String>,

    /// Tell more about what goes on
    #[arg(short, long)]
    pub debug: bool,
}

/// Facts for programs.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Facts {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Changes that can be tried first.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Changes {
    /// Only tell what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new site: database, configuration, virtual host
    Init(init::Arguments),
    /// List the MirrorBrains of this machine
    Instances(instances::Arguments),
    /// Add a mirror
    New(new::Arguments),
    /// List mirrors
    List(list::Arguments),
    /// Show all that is known of a mirror
    Show(show::Arguments),
    /// Edit a mirror
    Edit(edit::Arguments),
    /// Give a mirror another name
    Rename(rename::Arguments),
    /// Remove a mirror and its files from the database
    Delete(delete::Arguments),
    /// Let a mirror be used
    Enable(enable::Arguments),
    /// Take a mirror out of use
    Disable(disable::Arguments),
    /// Add to the comment about a mirror
    Commentadd(commentadd::Arguments),
    /// Show or change how often a mirror is chosen
    Score(score::Arguments),
    /// Look up anew where mirrors are
    Update(update::Arguments),
    /// Look up the network and the autonomous system of an address
    Iplookup(iplookup::Arguments),
    /// Look up the continent of an address
    #[command(name = "geoiplookup_continent")]
    GeoiplookupContinent(geoiplookup::Arguments),
    /// Look up the city of an address
    #[command(name = "geoiplookup_city")]
    GeoiplookupCity(geoiplookup::Arguments),
    /// Ask a mirror for its start page
    Test(test::Arguments),
    /// Ask mirrors whether they have a file
    Probefile(probefile::Arguments),
    /// List, add and remove files of mirrors
    File(file::Arguments),
    /// List directories, or the mirrors that have one
    Dirs(dirs::Arguments),
    /// Show or edit the markers of subtrees
    Markers(markers::Arguments),
    /// Write a list of mirrors for visitors
    Mirrorlist(mirrorlist::Arguments),
    /// Write the mirrors for other programs
    Export(export::Arguments),
    /// Write files that tell how up to date a mirror is
    Timestamp(timestamp::Arguments),
    /// What concerns the database as a whole
    Db(db::Arguments),
    /// Look at all that the site stands on, and say what to do
    Doctor(doctor::Arguments),
    /// Fill the table of networks
    Asn(asn::Arguments),
    /// Write completions for a shell
    Completions(completions::Arguments),
    /// Write the manual pages
    Man(man::Arguments),
    /// Find out which files mirrors have
    Scan(scan::Arguments),
    /// Look at what the server of a mirror can do
    Check(check::Arguments),
    /// List copies on mirrors that are not the origin's
    Deviations(deviations::Arguments),
    /// Check whether mirrors are alive
    Probe(later::Arguments),
    /// Make the hashes of the files of the tree
    Makehashes(makehashes::Arguments),
    /// Compare files with their hashes
    Verify(verify::Arguments),
}
