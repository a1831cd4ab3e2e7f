/* What the bindings are generated from. */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_main.h"
#include "http_protocol.h"
#include "http_request.h"
#include "http_connection.h"
#include "http_vhost.h"
#include "util_filter.h"
#include "util_script.h"
#include "ap_mpm.h"
#include "ap_release.h"
#include "ap_regex.h"
#include "apr.h"
#include "apr_strings.h"
#include "apr_fnmatch.h"
#include "apr_tables.h"
#include "apr_hash.h"
#include "apr_file_info.h"
#include "apr_file_io.h"
#include "apr_time.h"
#include "apr_date.h"
#include "apr_optional.h"
#include "apr_optional_hooks.h"
#include "apr_uri.h"
#include "apr_buckets.h"
#include "unixd.h"

/* What this httpd's own listings begin with. The headers that define the newer one use it there. */
#ifdef DOCTYPE_HTML_4_01
#define LISTING_DOCTYPE DOCTYPE_HTML_4_01
#else
#define LISTING_DOCTYPE DOCTYPE_HTML_3_2
#endif
