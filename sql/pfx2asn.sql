-- The networks that mod_asn looks clients up in, and `mb` the hosts of mirrors.
--
-- Needs the extension ip4r, which a superuser (or the owner, if it is trusted) may create.

CREATE EXTENSION IF NOT EXISTS ip4r;

-- Network prefix to origin AS, for mod_asn. Sites created by mod_asn 1.7 have asn as integer,
-- which ends at 2147483647; AS numbers have 32 bits without sign (RFC 6793). Both types work.
CREATE TABLE pfx2asn (
    pfx iprange NOT NULL PRIMARY KEY,
    asn bigint  NOT NULL
);

CREATE INDEX pfx2asn_pfx_key ON pfx2asn USING gist (pfx);
