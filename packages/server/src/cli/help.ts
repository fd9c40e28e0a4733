/** What `--help` prints. */
export const HELP = `crashcart: a KVM-over-IP server that speaks the PiKVM API

  npm start -- [OPTIONS]       or: crashcart run [OPTIONS]

  --port N           HTTPS port, 0 = any free one (8443)
  --listen ADDRESS   address to listen on (127.0.0.1: this host only)
  --state DIR        where disks, passwords and logs are kept
                     ($XDG_STATE_HOME/crashcart or ~/.local/state/crashcart)
  --config FILE      configuration file; see docs/configuration.md
  --pikvm-config FILE  override.yaml of a PiKVM, whose hardware is used;
                     see docs/migrating-from-pikvm.md
  --platform NAME    presets of this hardware, e.g. v2-hdmi-rpi4, sbc or pc;
                     see docs/platforms.md
  --no-machine       no QEMU machine: the API and the page alone
  --memory MIB       memory of the machine (1024)
  --cpus N           processors of the machine (1)
  --net none|user    network of the machine (none). With "user" the guest
                     reaches your network, and this host's loopback too
  --plain-http PORT  plain HTTP besides, on that port: passwords go unencrypted
  --unix PATH        the API on a unix socket besides, without /api
  -h, --help         this text; --version tells the version

The first user is admin. Its password is CRASHCART_PASSWORD of the environment, or
a generated one that is shown once (without a terminal: in STATE/first-password).

Other commands: crashcart config check|dump|schema, crashcart htpasswd, crashcart totp,
crashcart nginx, crashcart otg start|stop|status, crashcart edid show|set|apply|clear,
crashcart image create, crashcart doctor, crashcart latency
`;
