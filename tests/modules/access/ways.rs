//! Ways to keep a file from clients.

/// A name, the configuration by which `/rel/<name>.iso` is not given, and the status of documents
/// about it. `@FILE@` is the path of its URL.
pub const WAYS: &[(&str, &str, u16)] = &[
    (
        "files",
        "<Files files.iso>\nRequire all denied\n</Files>",
        403,
    ),
    (
        "filesmatch",
        "<FilesMatch \"^filesmatch\\.iso$\">\nRequire all denied\n</FilesMatch>",
        403,
    ),
    (
        "location",
        "<Location @FILE@>\nRequire all denied\n</Location>",
        403,
    ),
    (
        "locationmatch",
        "<LocationMatch \"^@FILE@$\">\nRequire all denied\n</LocationMatch>",
        403,
    ),
    (
        "deny",
        "<Files deny.iso>\nOrder deny,allow\nDeny from all\n</Files>",
        403,
    ),
    (
        "ip",
        "<Files ip.iso>\nRequire ip 192.0.2.0/24\n</Files>",
        403,
    ),
    (
        "limit",
        "<Files limit.iso>\n<Limit GET>\nRequire all denied\n</Limit>\n</Files>",
        403,
    ),
    (
        "user",
        "<Files user.iso>\nAuthType Basic\nAuthName m\nAuthUserFile \"@WORK@/users\"\n\
         Require valid-user\n</Files>",
        401,
    ),
    (
        "expr",
        "<Directory \"@TREE@/rel\">\nRequire expr %{REQUEST_URI} != '@FILE@'\n</Directory>",
        403,
    ),
    (
        "if",
        "<If \"%{REQUEST_URI} == '@FILE@'\">\nRequire all denied\n</If>",
        403,
    ),
    (
        "iffile",
        "<If \"%{REQUEST_FILENAME} == '@TREE@@FILE@'\">\nRequire all denied\n</If>",
        403,
    ),
    (
        "ifline",
        "<If \"%{THE_REQUEST} =~ m#ifline\\.iso[? ]#\">\nRequire all denied\n</If>",
        403,
    ),
    (
        "methods",
        "<Files methods.iso>\nAllowMethods POST\n</Files>",
        405,
    ),
    ("redirect404", "Redirect 404 @FILE@", 404),
    ("gone", "Redirect gone @FILE@", 410),
    ("redirectmatch", "RedirectMatch 403 \"^@FILE@$\"", 403),
    ("login", "Redirect @FILE@ http://login.example.org/", 404),
    (
        "loginmatch",
        "RedirectMatch \"^@FILE@$\" http://login.example.org/",
        404,
    ),
    ("forbidden", "RewriteRule ^@FILE@$ - [F]", 403),
    ("rewritegone", "RewriteRule ^@FILE@$ - [G]", 410),
    (
        "cookie",
        "RewriteCond %{HTTP_COOKIE} !paid\nRewriteRule ^@FILE@$ - [F]",
        403,
    ),
    (
        "line",
        "RewriteCond %{THE_REQUEST} \"line\\.iso[? ]\"\nRewriteRule ^ - [F]",
        403,
    ),
    (
        "perdir",
        "<Directory \"@TREE@/rel\">\nRewriteEngine On\nRewriteOptions InheritBefore\n\
         RewriteRule ^perdir\\.iso$ - [F]\n</Directory>",
        403,
    ),
    ("elsewhere", "RewriteRule ^@FILE@$ /rel/sorry.html", 404),
    (
        "perdirelsewhere",
        "<LocationMatch \"^/rel/perdirelsewhere\">\nRewriteEngine On\n\
         RewriteRule /perdirelsewhere\\.iso$ /rel/sorry.html\n</LocationMatch>",
        404,
    ),
    (
        "alias",
        "AliasMatch \"^@FILE@$\" \"@TREE@/rel/sorry.html\"",
        404,
    ),
    ("proxied", "ProxyPass @FILE@ http://127.0.0.1:9/", 404),
    (
        "perdirproxied",
        "<Location @FILE@>\nProxyPass http://127.0.0.1:9/\n</Location>",
        404,
    ),
    (
        "handler",
        "<Files handler.iso>\nSetHandler server-info\n</Files>",
        404,
    ),
    (
        "handlertype",
        "<Files handlertype.iso>\nForceType application/x-httpd-php\n</Files>",
        404,
    ),
    (
        "htaccess",
        "<Directory \"@TREE@/rel\">\nAllowOverride All\n</Directory>",
        403,
    ),
];
