//! What the hooks of well-known modules do when httpd looks up a file that exists. They are known by the
//! names that `STANDARD20_MODULE_STUFF` gives them; what each does was read in the sources of httpd 2.4.37 to
//! 2.4.71, and of the modules that Debian has beside it.

use crate::private::lookup_hooks::LookupHook;

/// What a module's hooks mean for a regular file of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookEffect {
    /// Nothing but perhaps its type: environment, headers, access that the directory decides as well, or files
    /// that do not exist.
    None,
    /// Nothing, unless a section has directives of the module.
    BySection,
}

impl LookupHook<'_> {
    /// What the hook means for a regular file; `None` if its module is not known.
    pub fn effect(&self) -> Option<HookEffect> {
        effect(self.module.to_str().ok()?)
    }
}

fn effect(module: &str) -> Option<HookEffect> {
    // Redirect and RewriteRule at server level act on URLs, which a file lookup has not.
    if ["mod_alias.c", "mod_rewrite.c"].contains(&module) {
        return Some(HookEffect::BySection);
    }
    let known = HARMLESS.binary_search(&module).is_ok();
    known.then_some(HookEffect::None)
}

/// Modules with [`HookEffect::None`], sorted.
const HARMLESS: &[&str] = &[
    "core.c",
    "event.c",
    "http_core.c",
    "mod_access_compat.c",
    "mod_allowmethods.c",
    "mod_asn.c",
    "mod_auth_basic.c",
    "mod_auth_digest.c",
    "mod_authn_core.c",
    "mod_authn_file.c",
    "mod_authz_core.c",
    "mod_authz_host.c",
    "mod_authz_user.c",
    "mod_autoindex.c",
    "mod_autoindex_mb.c",
    "mod_deflate.c",
    "mod_dir.c",
    "mod_env.c",
    "mod_expires.c",
    "mod_filter.c",
    "mod_form.c",
    "mod_geoip.c",
    "mod_headers.c",
    "mod_http2.c",
    "mod_log_config.c",
    "mod_logio.c",
    "mod_maxminddb.c",
    "mod_mime.c",
    "mod_mirrorbrain.c",
    "mod_negotiation.c",
    "mod_proxy.c",
    "mod_remoteip.c",
    "mod_reqtimeout.c",
    "mod_setenvif.c",
    "mod_so.c",
    "mod_speling.c",
    "mod_ssl.c",
    "mod_status.c",
    "mod_unique_id.c",
    "mod_usertrack.c",
    "prefork.c",
    "util_ldap.c",
    "worker.c",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_of_the_table_is_found_and_no_other() {
        assert!(HARMLESS.is_sorted());
        for module in HARMLESS {
            assert_eq!(effect(module), Some(HookEffect::None), "{module}");
        }
        assert_eq!(effect("mod_rewrite.c"), Some(HookEffect::BySection));
        assert_eq!(effect("mod_lua.c"), None);
    }
}
