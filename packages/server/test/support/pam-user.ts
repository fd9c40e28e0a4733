import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** The only directory that PAM reads services from; root may write there. */
const SERVICES = '/etc/pam.d';

/** A PAM service that knows one user, gone with its test. */
export class PamUser implements AsyncDisposable {
  readonly service: string;
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
    // PAM reads the names of services in lower case.
    this.service = basename(dir).toLowerCase();
  }

  /** Needs root. */
  static async create(user: string, passwd: string): Promise<PamUser> {
    const dir = await mkdtemp(join(tmpdir(), 'crashcart-pam-'));
    const pam = new PamUser(dir);
    const options = { input: passwd, encoding: 'utf8' } as const;
    const { stdout } = spawnSync('openssl', ['passwd', '-6', '-stdin'], options);
    await writeFile(join(dir, 'passwords'), `${user}:${stdout.trim()}\n`);
    await writeFile(
      join(SERVICES, pam.service),
      `auth required pam_pwdfile.so pwdfile ${dir}/passwords\naccount required pam_permit.so\n`,
    );
    return pam;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(SERVICES, this.service));
    await rm(this.#dir, { recursive: true });
  }
}
