import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** One file of the page. */
export interface PageFile {
  readonly content: Uint8Array;
  /** Content type. */
  readonly type: string;
  /** With its quotes. */
  readonly etag: string;
  /** The name holds a hash of the content, so it never changes. */
  readonly immutable: boolean;
  /** The content as it was packed when the page was built. */
  readonly packed: Packed;
}

/** How a file can be packed, by its name in HTTP. */
export type Coding = 'br' | 'gzip';
export type Packed = Readonly<Partial<Record<Coding, Uint8Array>>>;

/** The files of the page by path, e.g. `/index.html`, `/assets/app-1a2b.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/vnd.microsoft.icon',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
  txt: 'text/plain; charset=utf-8',
};

/** A file with the type of its name and the etag of its content; `/assets/` is immutable. */
export function pageFile(path: string, content: Uint8Array, packed: Packed = {}): PageFile {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
  return {
    content,
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${hash}"`,
    immutable: path.startsWith('/assets/'),
    packed,
  };
}

/** No inline code or style, nothing from elsewhere, and nobody may frame the page. */
export const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const INDEX = '/index.html';
/** The page's addresses are relative, so it is never below a slash: `/kvm/` redirects to `/kvm`. */
const VIEWS: ReadonlySet<string> = new Set(['/', '/kvm', '/login']);

/** Serves the files of the page, packed when it was built, or else once per file and coding. */
export class PageServer {
  readonly #files: PageFiles;
  readonly #compressed = new WeakMap<PageFile, Map<string, Promise<Buffer>>>();

  constructor(files: PageFiles) {
    this.#files = files;
  }

  /** The file for this path, or undefined. */
  find(path: string): PageFile | undefined {
    return this.#files.get(VIEWS.has(path) ? INDEX : path);
  }

  /** Answers a GET or HEAD of a file. */
  async serve(request: IncomingMessage, response: ServerResponse, file: PageFile): Promise<void> {
    const headers: Record<string, string> = {
      'content-type': file.type,
      etag: file.etag,
      vary: 'Accept-Encoding',
      'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': PAGE_CSP,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
    if (matches(request.headers['if-none-match'], file.etag)) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const coding = codingFor(request.headers['accept-encoding'], file);
    const body = coding === undefined ? file.content : await this.#compress(file, coding);
    if (coding !== undefined) headers['content-encoding'] = coding;
    headers['content-length'] = String(body.length);
    response.writeHead(200, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #compress(file: PageFile, coding: Coding): Promise<Uint8Array> {
    const packed = file.packed[coding];
    if (packed !== undefined) return Promise.resolve(packed);
    let codings = this.#compressed.get(file);
    if (codings === undefined) {
      codings = new Map();
      this.#compressed.set(file, codings);
    }
    let body = codings.get(coding);
    if (body === undefined) {
      body = COMPRESS[coding](file.content);
      codings.set(coding, body);
    }
    return body;
  }
}

const COMPRESS: Readonly<Record<Coding, (content: Uint8Array) => Promise<Buffer>>> = {
  br: (content) =>
    promisify(brotliCompress)(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_MODE]: 1 },
    }),
  gzip: (content) => promisify(gzip)(content, { level: 9 }),
};

const SMALLEST_COMPRESSED = 512;

function codingFor(accepted: string | undefined, file: PageFile): Coding | undefined {
  if (accepted === undefined || file.content.length < SMALLEST_COMPRESSED) return undefined;
  if (!/^text\/|json|xml|javascript|wasm/.test(file.type)) return undefined;
  if (accepts(accepted, 'br')) return 'br';
  return accepts(accepted, 'gzip') ? 'gzip' : undefined;
}

function accepts(header: string, coding: Coding): boolean {
  return header.split(',').some((item) => {
    const [name, ...weights] = item
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return name === coding && !weights.some((weight) => /^q=0(\.0*)?$/.test(weight));
  });
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
