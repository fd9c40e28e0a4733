/**
 * In place of fastify's compilers of JSON schemas, in the bundle too: no route has one, because the
 * contract checks what comes and goes.
 */
export function noCompiler(): never {
  throw new Error('A route has a schema of fastify');
}
