//! Servers of HTTP.

use std::path::Path;

use super::Daemon;

impl Daemon {
    /// nginx; `lines` stand in its location, as `autoindex_format json;`.
    pub fn nginx(tree: &Path, lines: &str) -> Self {
        let tree = tree.display();
        let conf = format!(
            "daemon off; master_process off; worker_processes 1; pid {{here}}/pid;
            error_log {{here}}/error;
            events {{ worker_connections 64; }}
            http {{
                access_log {{here}}/access;
                client_body_temp_path {{here}}/a; proxy_temp_path {{here}}/b; fastcgi_temp_path {{here}}/c;
                uwsgi_temp_path {{here}}/d; scgi_temp_path {{here}}/e;
                server {{ listen 127.0.0.1:{{port}}; location / {{ root {tree}; autoindex on; {lines} }} }}
            }}"
        );
        Self::start(
            "nginx",
            &["-p", "{here}", "-c", "{here}/conf", "-e", "{here}/error"],
            &conf,
        )
    }

    /// lighttpd.
    pub fn lighttpd(tree: &Path) -> Self {
        let tree = tree.display();
        let conf = format!(
            "server.modules = (\"mod_dirlisting\")\nserver.document-root = \"{tree}\"\nserver.bind = \"127.0.0.1\"
            server.port = {{port}}\ndir-listing.activate = \"enable\"\ndir-listing.hide-dotfiles = \"disable\"
            dir-listing.encoding = \"utf-8\"\nserver.errorlog = \"{{here}}/error\"\n"
        );
        Self::start("lighttpd", &["-D", "-f", "{here}/conf"], &conf)
    }

    /// Caddy.
    pub fn caddy(tree: &Path) -> Self {
        let tree = tree.display();
        let conf = format!(
            "{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{{port}} {{\n root * \"{tree}\"\n file_server browse\n}}\n"
        );
        Self::start(
            "caddy",
            &["run", "--adapter", "caddyfile", "--config", "{here}/conf"],
            &conf,
        )
    }

    /// Python's http.server.
    pub fn python(tree: &Path) -> Self {
        let tree = tree.display().to_string();
        let arguments = [
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "--directory",
            &tree,
            "{port}",
        ];
        Self::start("python3", &arguments, "")
    }

    /// httpd without any of our modules; `lines` stand in the directory's section, as `IndexOptions FancyIndexing`.
    pub fn httpd(tree: &Path, lines: &str) -> Self {
        let tree = tree.display();
        let modules: String = [
            "mpm_event",
            "authz_core",
            "autoindex",
            "dir",
            "mime",
            "alias",
        ]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
        let user = match crate::command::is_root() {
            true => "User nobody\nGroup nogroup\n",
            false => "",
        };
        let conf = format!(
            "{modules}{user}ServerRoot {{here}}\nServerName localhost\nPidFile {{here}}/pid\nErrorLog {{here}}/error
            Listen 127.0.0.1:{{port}}\nDocumentRoot \"{tree}\"\nDirectoryIndex disabled\nTypesConfig /etc/mime.types
            <Directory \"{tree}\">\nOptions Indexes FollowSymLinks\nRequire all granted\nIndexIgnoreReset ON\n{lines}\n</Directory>\n"
        );
        Self::start("apache2", &["-X", "-f", "{here}/conf"], &conf)
    }
}
