//! What of a row can be changed.

macro_rules! columns {
    ($($(#[$about:meta])* $variant:ident $column:literal $cast:literal,)*) => {
        /// A column that administrators and tools change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Column {
            $($(#[$about])* $variant,)*
        }

        impl Column {
            /// What it is called in the database.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $column,)*
                }
            }

            /// Sets it (`$2`) in the row of an id (`$1`).
            pub(super) const fn update(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        "UPDATE server SET ", $column, " = $2::text", $cast, " WHERE id = $1"
                    ),)*
                }
            }
        }
    };
}

columns! {
    /// The name of the mirror.
    Identifier "identifier" "",
    /// Who runs it.
    OperatorName "operator_name" "",
    /// Their home page.
    OperatorUrl "operator_url" "",
    /// What clients are sent to.
    Baseurl "baseurl" "",
    /// For scanning.
    BaseurlFtp "baseurl_ftp" "",
    /// For scanning.
    BaseurlRsync "baseurl_rsync" "",
    /// The continent.
    Region "region" "",
    /// The country.
    Country "country" "",
    /// The autonomous system.
    Asn "asn" "::bigint",
    /// The network.
    Prefix "prefix" "",
    /// Latitude.
    Lat "lat" "::numeric",
    /// Longitude.
    Lng "lng" "::numeric",
    /// Only for clients on the same continent.
    RegionOnly "region_only" "::boolean",
    /// Only for clients in the same country.
    CountryOnly "country_only" "::boolean",
    /// Only for clients in the same autonomous system.
    AsOnly "as_only" "::boolean",
    /// Only for clients in the same network.
    PrefixOnly "prefix_only" "::boolean",
    /// Its host has no IPv4 address. Not in every database.
    Ipv6Only "ipv6_only" "::boolean",
    /// Further countries.
    OtherCountries "other_countries" "",
    /// The largest file in bytes.
    FileMaxsize "file_maxsize" "::bigint",
    /// For readers of the list of mirrors.
    PublicNotes "public_notes" "",
    /// Its weight.
    Score "score" "::integer",
    /// Switched by the administrator.
    Enabled "enabled" "::boolean",
    /// Switched by the probe.
    StatusBaseurl "status_baseurl" "::boolean",
    /// A person.
    Admin "admin" "",
    /// Where that person can be reached.
    AdminEmail "admin_email" "",
    /// For administrators.
    Comment "comment" "",
}
