import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ServerProcess } from './server-process.ts';

/** The password of `admin` on a page's rig. */
export const PASSWORD = 'correct horse 7';

/** A started server in its own state directory, for tests of the page. */
export class PageRig implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'cc-page-'));
  server: ServerProcess | undefined;

  /** Starts it; resolves with its address. `env` is added to the environment. */
  async start(config: object, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const file = join(this.directory, 'crashcart.yaml');
    writeFileSync(file, JSON.stringify(config));
    return this.restart('0', env);
  }

  /** Starts it again at a port, e.g. the one before. */
  async restart(port: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const file = join(this.directory, 'crashcart.yaml');
    const argv = ['--state', this.directory, '--config', file, '--port', port];
    this.server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: PASSWORD, ...env });
    return this.server.url;
  }

  async close(): Promise<void> {
    await this.server?.end();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Opens the page and logs in; resolves when the bar is there. */
export async function logInTo(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Name' }).fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('status', { name: 'Status' }).waitFor();
}
