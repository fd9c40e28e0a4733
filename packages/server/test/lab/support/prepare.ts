import { rmSync } from 'node:fs';
import { selfSigned } from '../../../src/tls/certificate.ts';
import { CERTIFICATE } from './certificate.ts';
import { FIGURES } from './figures.ts';
import { buildGuestBundle } from './guest-bundle.ts';
import { labFiles } from './lab-files.ts';

/** Before the first test of the lab: what it boots is built, and figures are collected anew. */
export default async function prepare(): Promise<void> {
  labFiles();
  await buildGuestBundle();
  await selfSigned(CERTIFICATE, '0.0.0.0');
  rmSync(FIGURES, { force: true });
}
