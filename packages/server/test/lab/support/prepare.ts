import { rmSync } from 'node:fs';
import { FIGURES } from './figures.ts';
import { labFiles } from './lab-files.ts';

/** Before the first test of the lab: what it boots is built, and figures are collected anew. */
export default function prepare(): void {
  labFiles();
  rmSync(FIGURES, { force: true });
}
