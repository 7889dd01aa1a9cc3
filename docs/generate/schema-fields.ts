/** The fields of a zod schema as rows of a reference page: path, type with range, default, meaning. */
import { z } from 'zod';

export interface SchemaField {
  /** `ppo.clipRange` */
  readonly path: string;
  /** As a person reads it, with its range. */
  readonly type: string;
  /** As JSON; undefined where there is none. */
  readonly fallback: string | undefined;
  /** Empty where the schema says nothing. */
  readonly meaning: string;
}

/** A section of a schema, in its order. */
export interface SchemaSection {
  readonly path: string;
  readonly meaning: string;
  readonly fields: readonly SchemaField[];
}

/** What of JSON Schema zod writes for the schemas of this project. */
const NodeSchema = z.looseObject({
  type: z.enum(['object', 'array', 'string', 'number', 'integer', 'boolean']),
  description: z.string().default(''),
  default: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minItems: z.number().optional(),
  get items() {
    return z.union([NodeSchema, z.literal(false)]).optional();
  },
  get prefixItems() {
    return z.array(NodeSchema).optional();
  },
  get properties() {
    return z.record(z.string(), NodeSchema).optional();
  },
});
type Node = z.infer<typeof NodeSchema>;

/**
 * Sections of a schema of nested objects: the fields of the outermost object first, then one for each object in it.
 * @throws ZodError where the schema has a construct that this cannot describe.
 */
export function sectionsOf(schema: z.ZodType): SchemaSection[] {
  return sectionsIn('', NodeSchema.parse(z.toJSONSchema(schema, { io: 'output' })));
}

function sectionsIn(path: string, { description, properties = {} }: Node): SchemaSection[] {
  const within = (name: string) => (path === '' ? name : `${path}.${name}`);
  const entries = Object.entries(properties);
  const fields = entries.filter(([, node]) => node.type !== 'object');
  const objects = entries.filter(([, node]) => node.type === 'object');
  const own = {
    path,
    meaning: description,
    fields: fields.map(([name, node]) => fieldOf(within(name), node)),
  };
  return [own, ...objects.flatMap(([name, node]) => sectionsIn(within(name), node))].filter(
    (section) => section.fields.length > 0,
  );
}

function fieldOf(path: string, node: Node): SchemaField {
  const fallback = node.default === undefined ? undefined : JSON.stringify(node.default);
  return { path, type: typeOf(node), fallback, meaning: node.description };
}

function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(' or ');
  if (node.prefixItems) return `[${node.prefixItems.map(typeOf).join(', ')}]`;
  if (node.type === 'array') {
    const least = node.minItems ? `, at least ${node.minItems}` : '';
    return `list of ${node.items ? typeOf(node.items) : 'anything'}${least}`;
  }
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'string') return node.format === 'uri' ? 'address' : 'text';
  return `${node.type === 'integer' ? 'whole number' : 'number'}${rangeOf(node)}`;
}

function rangeOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Node): string {
  const bounds = [
    exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
    minimum !== undefined && `>= ${minimum}`,
    exclusiveMaximum !== undefined && `< ${exclusiveMaximum}`,
    // Whole numbers have a largest one, which says nothing about the field.
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER && `<= ${maximum}`,
  ].filter(Boolean);
  return bounds.length > 0 ? ` ${bounds.join(', ')}` : '';
}
