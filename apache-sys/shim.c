/* What depends on how the headers write it, and the layout of httpd's structures as the C compiler
 * that builds modules here sees it. The test in lib.rs holds the generated bindings against it: clang
 * (bindgen) and the system's compiler must agree, field by field where a mistake would corrupt
 * memory. */
#include <stddef.h>
#include <string.h>
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"

const size_t httpd_shim_layout[] = {
    sizeof(request_rec),  offsetof(request_rec, useragent_ip), offsetof(request_rec, finfo),
    sizeof(server_rec),   offsetof(server_rec, names),
    sizeof(module),       offsetof(module, register_hooks),
    sizeof(command_rec),  offsetof(command_rec, args_how),
    sizeof(cmd_parms),    offsetof(cmd_parms, directive),
    sizeof(apr_finfo_t),  offsetof(apr_finfo_t, mtime),
    sizeof(conn_rec),
    sizeof(core_dir_config),
    offsetof(core_dir_config, d),
    offsetof(core_dir_config, r),
    offsetof(core_dir_config, sec_file),
    offsetof(core_dir_config, sec_if),
    offsetof(core_dir_config, expr_handler),
    sizeof(core_server_config),
    offsetof(core_server_config, sec_url),
};

/* Bit-fields have no offset: a record with just this one set. */
void httpd_shim_set_d_is_fnmatch(core_dir_config *config) {
    memset(config, 0, sizeof(*config));
    config->d_is_fnmatch = 1;
}

/* A plain field in newer headers, one bit in older ones. */
void httpd_shim_abort(conn_rec *connection) {
    connection->aborted = 1;
}
