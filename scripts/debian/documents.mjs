// Texts of the package that are made of ours.

/** A version of npm as Debian orders it: a pre-release comes before what it leads to. */
export function debianVersion(version) {
  return version.replace('-', '~');
}

/** Lines of at most this many characters, which Debian's tools want. */
const WIDTH = 78;

/** A paragraph in lines that begin with `indent`, the first one with `first`. */
function wrap(text, first, indent) {
  const lines = [];
  let line = first;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent || line === first ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** CHANGELOG.md's newest section in Debian's form. `date` is in seconds since 1970. */
export function debianChangelog(markdown, { version, maintainer, date }) {
  const [, section = ''] = markdown.split(/^## .*$/m);
  const items = section
    .split(/^- /m)
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => wrap(item, '  * ', '    '));
  const day = new Date(date * 1000).toUTCString().replace('GMT', '+0000');
  const head = `crashcart (${version}) stable; urgency=medium`;
  return [head, '', ...items, '', ` -- ${maintainer}  ${day}`, ''].join('\n');
}

/** The manual page, of what `crashcart help` prints. */
export function manualPage(help, { version, date }) {
  const day = new Date(date * 1000).toISOString().slice(0, 10);
  const [title, ...rest] = help.trimEnd().split('\n');
  const [, what] = title.split(': ');
  const text = rest
    .map((line) => line.replace(/^.*or: (crashcart run)/, '  $1'))
    .map((line) =>
      line
        .replaceAll('\\', '\\e')
        .replaceAll('-', '\\-')
        .replace(/^(['.])/, '\\&$1'),
    );
  return `.TH CRASHCART 1 ${day} "crashcart ${version}" "User Commands"
.SH NAME
crashcart \\- ${what}
.SH DESCRIPTION
.nf
${text.join('\n').trim()}
.fi
.SH FILES
.TP
.I /etc/crashcart/core.yaml
configuration of the machines (crashcart\\-core.service)
.TP
.I /etc/crashcart/http.yaml
configuration of the page and the API (crashcart\\-http.service)
.TP
.I /var/lib/crashcart/http/first\\-password
the first password of the user admin
.SH SEE ALSO
The documents in
.I /usr/share/doc/crashcart/docs
`;
}
