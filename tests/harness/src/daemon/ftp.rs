//! Servers of FTP.

use std::path::Path;

use super::Daemon;
use crate::command::is_root;

impl Daemon {
    /// vsftpd, which only knows `LIST`. It must be root's.
    pub fn vsftpd(tree: &Path) -> Self {
        let conf = format!(
            "listen=YES\nlisten_address=127.0.0.1\nlisten_port={{port}}\nbackground=NO\nanonymous_enable=YES\nno_anon_password=YES
anon_root={}\nftp_username=daemon\nsecure_chroot_dir={{here}}\nseccomp_sandbox=NO\nxferlog_enable=NO\nlocal_enable=NO
run_as_launching_user={}\nuse_localtime=NO\nanon_world_readable_only=NO\n",
            tree.display(),
            if is_root() { "NO" } else { "YES" },
        );
        Self::start("vsftpd", &["{here}/conf"], &conf)
    }

    /// proftpd with `MLSD`; `lines` are more of its configuration.
    pub fn proftpd(tree: &Path, lines: &str) -> Self {
        let tree = tree.display();
        let conf = format!(
            "ServerType standalone\nDefaultAddress 127.0.0.1\nPort {{port}}\nUseIPv6 off\nUser nobody\nGroup nogroup\nUseReverseDNS off
PidFile {{here}}/pid\nScoreboardFile {{here}}/scoreboard\nDelayTable none\nSystemLog {{here}}/log\nWtmpLog off\nTransferLog none
RequireValidShell off\nUseFtpUsers off\nAuthOrder mod_auth_unix.c\nListOptions \"\"\nTimesGMT on\n{lines}
<Anonymous \"{tree}\">\nUser nobody\nGroup nogroup\nUserAlias anonymous nobody\nRequireValidShell off\nUseFtpUsers off\n</Anonymous>\n"
        );
        Self::start("proftpd", &["--nodaemon", "--config", "{here}/conf"], &conf)
    }
}
