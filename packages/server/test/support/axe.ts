import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OPTIONS: RunOptions = {
  runOnly: [
    ...['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'],
    'best-practice',
  ],
  resultTypes: ['violations'],
};

/** Makes axe-core known to every page of the context; the page's CSP lets no script tag in. */
export async function withAxe(context: BrowserContext): Promise<void> {
  await context.addInitScript(SOURCE);
}

/** What axe finds wrong with the page as it is: WCAG 2.2 A and AA, and best practices. */
export async function violations(page: Page): Promise<readonly string[]> {
  // A style that is on its way would be measured half-way; the end of one may begin another.
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    const running = () => document.getAnimations().filter((it) => it.playState === 'running');
    for (let all = running(); all.length > 0; all = running()) {
      await Promise.all(all.map((each) => each.finished.catch(() => undefined)));
      await frame();
    }
  });
  const found = await page.evaluate<AxeResults['violations'], RunOptions>(
    async (options) => (await window.axe.run(document, options)).violations,
    OPTIONS,
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  );
}

declare global {
  interface Window {
    readonly axe: typeof import('axe-core');
  }
}
