/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  examples?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Body {
  description?: string;
  required?: boolean;
  content?: Record<string, { schema?: Schema }>;
}

export interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: Body;
  responses?: Record<string, Body>;
}

export interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

export const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** Follows one reference; an unknown one is an empty schema. */
export function resolve(doc: Document, schema: Schema | undefined): Schema {
  if (!schema?.$ref) return schema ?? {};
  return doc.components?.schemas?.[schema.$ref.split('/').pop() ?? ''] ?? {};
}

/** "string (date-time)", "Message[]", "object": what a reader needs to know of a type. */
export function typeName(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').pop() ?? 'object';
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return union.map(typeName).join(' | ');
  const types = ([] as string[]).concat(schema.type ?? 'any').map((t) => {
    if (t === 'array') return `${typeName(schema.items ?? {})}[]`;
    return schema.format && t !== 'null' ? `${t} (${schema.format})` : t;
  });
  return types.join(' | ');
}

/**
 * A value of the schema, made up: its examples where it has some. Cycles end at depth. With least, objects have only
 * what is required.
 */
export function sample(doc: Document, given: Schema | undefined, depth = 5, least = false): unknown {
  const schema = resolve(doc, given);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum?.length) return schema.enum[0];
  if (depth === 0) return null;
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((s) => sample(doc, s, depth - 1, least)));
  const union = schema.oneOf ?? schema.anyOf;
  if (union) return sample(doc, union[0], depth - 1, least);
  const type = ([] as string[]).concat(schema.type ?? (schema.properties ? 'object' : 'string')).find((t) => t !== 'null');
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => name !== '$schema' && (!least || schema.required?.includes(name)))
          .map(([name, s]) => [name, sample(doc, s, depth - 1, least)]),
      );
    case 'array':
      return [sample(doc, schema.items, depth - 1, least)];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return schema.format === 'date-time' ? '2026-01-31T08:00:00.000000Z' : 'string';
  }
}

/** A command line that makes the call with an API token. */
export function curl(doc: Document, origin: string, method: string, path: string, op: Operation): string {
  const lines = [`curl -X ${method.toUpperCase()} '${origin}${path}'`, `-H 'Authorization: Bearer '"$YINGDA_TOKEN"`];
  for (const p of op.parameters ?? []) {
    if (p.in === 'header' && p.required) lines.push(`-H '${p.name}: ${p.name === 'Idempotency-Key' ? 'any-unique-text' : '…'}'`);
  }
  const body = op.requestBody?.content?.['application/json']?.schema;
  if (body) {
    const json = JSON.stringify(sample(doc, body, 5, true)).replaceAll("'", "'\\''");
    lines.push(`-H 'Content-Type: application/json'`, `-d '${json}'`);
  }
  return lines.join(' \\\n  ');
}
