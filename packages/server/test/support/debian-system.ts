import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../../.cache/debian/', import.meta.url));

/** What every Debian with a server has: init, and what our packages and Node depend on; linked images. */
const INCLUDED = ['systemd', 'libstdc++6', 'libturbojpeg0', 'fuse3', 'libnbd-bin', 'nbdkit'];

/** What systemd says on its console when all has been started. */
const BOOTED = /Reached target \S*multi-user\.target/;

const ENVIRONMENT = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  DEBIAN_FRONTEND: 'noninteractive',
  TERM: 'dumb',
};

/** What a command left. */
interface Ended {
  readonly status: number | null;
  /** Both outputs. */
  readonly output: string;
}

/**
 * A clean Debian of this host's release that runs in a container with a network of its own, by
 * systemd-nspawn: a test may do anything to it. Needs root.
 */
export class DebianSystem implements AsyncDisposable {
  readonly #path: string;
  readonly #container: ChildProcess;
  /** The pid of its init, seen from here. */
  readonly #init: string;

  private constructor(path: string, container: ChildProcess, init: string) {
    this.#path = path;
    this.#container = container;
    this.#init = init;
  }

  /** Unpacks and boots it; the first time mmdebstrap makes it, which downloads some 60 MB. */
  static async boot(): Promise<DebianSystem> {
    mkdirSync(CACHE, { recursive: true });
    const tarball = cleanDebian();
    const path = mkdtempSync(join(CACHE, 'run-'));
    execFileSync('tar', ['-xf', tarball, '--numeric-owner', '-p', '-C', path]);
    // What dpkg writes need not survive a power cut.
    const args = ['--quiet', '--register=no', '--keep-unit', '--private-network'];
    const devices = ['--bind=/dev/fuse'];
    const more = ['--suppress-sync=yes', '--console=read-only', '--directory', path, '--boot'];
    const container = spawn('systemd-nspawn', [...args, ...devices, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', () => container.kill('SIGKILL'));
    await isBooted(container);
    const { pid } = container;
    const init = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const system = new DebianSystem(path, container, init);
    system.run('systemctl', 'is-system-running', '--wait');
    return system;
  }

  /** A command line for outside that runs `argv` inside. */
  command(...argv: readonly string[]): readonly string[] {
    const all = ['-m', '-u', '-i', '-p', '-n', '-r', '-w'];
    return ['nsenter', '-t', this.#init, ...all, '--', ...argv];
  }

  /** Runs a command to its end. */
  run(...argv: readonly string[]): Ended {
    return ended(this.command(...argv));
  }

  /** Runs a command that must succeed; its output without blanks around. */
  mustRun(...argv: readonly string[]): string {
    const { status, output } = this.run(...argv);
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${output}`);
    return output.trim();
  }

  /** Runs a program of this host in its network. */
  inNetwork(...argv: readonly string[]): Ended {
    return ended(['nsenter', '-t', this.#init, '-n', '--', ...argv]);
  }

  /** A path outside of one inside; what is mounted inside cannot be seen there. */
  at(path: string): string {
    return join(this.#path, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#container, 'close');
    // systemd-nspawn lets systemd end everything.
    this.#container.kill('SIGTERM');
    await closed;
    rmSync(this.#path, { recursive: true, force: true });
  }
}

function ended([command = '', ...args]: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: ENVIRONMENT,
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

/** Resolves when systemd has started all; rejects with what it said when it ends before. */
async function isBooted(container: ChildProcess): Promise<void> {
  const { stdout, stderr } = container;
  if (!stdout || !stderr) throw new Error('The console is missing');
  let said = '';
  stderr.on('data', (text) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      said += `${line}\n`;
      if (BOOTED.test(line)) resolve();
    });
    container.once('error', reject);
    container.once('close', (code) =>
      reject(new Error(`The container ended with ${code}:\n${said}`)),
    );
  });
}

/** The tarball that each run begins with. */
function cleanDebian(): string {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined) throw new Error('/etc/os-release names no release of Debian');
  const tarball = join(CACHE, `${release}-${INCLUDED.join('-')}.tar`);
  if (existsSync(tarball)) return tarball;
  const unfinished = join(CACHE, `unfinished-${process.pid}.tar`);
  const include = `--include=${INCLUDED.join(',')}`;
  const args = ['--quiet', '--mode=root', '--variant=minbase', include];
  execFileSync('mmdebstrap', [...args, release, unfinished, mirrorOf(release)]);
  renameSync(unfinished, tarball);
  return tarball;
}

/** Where this host gets the main part of a release from. */
function mirrorOf(release: string): string {
  const asked = ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(COMPONENT)'];
  const lines = execFileSync('apt-get', asked, { encoding: 'utf8' }).split('\n');
  const found = lines
    .map((line) => line.split(' '))
    .find(([, name, part]) => name === release && part === 'main');
  if (!found?.[0]) throw new Error(`apt knows no mirror of ${release}: run apt-get update first`);
  return found[0];
}
