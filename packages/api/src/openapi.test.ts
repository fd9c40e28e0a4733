import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { OPERATIONS } from './operations/index.ts';

const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3')));

test('is a valid OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('describes every operation with its permission and errors', () => {
  for (const [name, { method, path, permission }] of Object.entries(OPERATIONS)) {
    const described = document.paths[path][method.toLowerCase()];
    expect(described).toMatchObject({ operationId: name, 'x-permission': permission });
  }
  expect(document.info.version).toBe('1.2.3');
  const { post } = document.paths['/atx/power'];
  expect(Object.keys(post.responses)).toEqual(['200', '400', '401', '403', '409']);
  expect(post.parameters[0]).toMatchObject({ name: 'action', in: 'query', required: true });
  expect(post.responses[409].content['application/json'].schema.properties.result).toMatchObject({
    properties: { error: { enum: ['AtxIsBusyError'] } },
  });
});

test('the login takes a form and no credentials', () => {
  const { post } = document.paths['/auth/login'];
  expect(post.security).toEqual([]);
  expect(post.parameters).toBeUndefined();
  const { schema } = post.requestBody.content['application/x-www-form-urlencoded'];
  expect(Object.keys(schema.properties)).toContain('passwd');
  expect(schema.required).toEqual(['user']);
});
