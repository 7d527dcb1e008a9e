// Which form of an answer a client asks for: JSON or YAML, and the object itself, its metadata alone, or the Table that kubectl prints.
import type { IncomingMessage } from 'node:http';
import { badRequest, StatusError } from '../status.ts';
import type { IncludeObject } from '../table/table.ts';
import { parseAccept } from './accept.ts';

/** What an object is turned into before it is sent; `undefined` for the object as it is. */
export type Conversion = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

/** The agreed form. */
export interface Form {
  readonly media: 'json' | 'yaml';
  readonly convert: Conversion | undefined;
  /** Version of meta.k8s.io that `convert` is written in. */
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly pretty: boolean;
}

/** What the endpoint can do besides plain answers. */
export interface Abilities {
  readonly conversions: boolean;
  /** The answer is a watch: YAML has no stream form. */
  readonly stream: boolean;
}

const plainAnswers: Abilities = { conversions: false, stream: false };

/** Every media type that an answer may have; protobuf is never written. */
const WRITTEN = ['application/json', 'application/yaml'];

/** The form for an Accept header. Throws 406 when the client takes none of those that are written. */
export function negotiate(
  request: Pick<IncomingMessage, 'headers'>,
  query: URLSearchParams,
  abilities = plainAnswers,
): Form {
  const pretty = isPretty(request.headers['user-agent'] ?? '', query);
  const accept = request.headers.accept ?? '';
  if (accept === '' || accept === 'application/json')
    return { media: 'json', convert: undefined, metaVersion: 'v1', pretty };
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    for (const media of ['json', 'yaml'] as const) {
      if (type !== '*' && (type !== 'application' || (subtype !== '*' && subtype !== media))) continue;
      if (abilities.stream && media === 'yaml') continue;
      const conversion = conversionOf(parameters, abilities);
      if (conversion === undefined) continue;
      return { media, ...conversion, pretty: pretty || parameters.get('pretty') === '1' };
    }
  }
  throw notAcceptable(
    `only the following media types are accepted: ${abilities.stream ? 'application/json;stream=watch' : WRITTEN.join(', ')}`,
  );
}

/** The form for an error: the client's when it can be had, JSON otherwise, since an error is never hidden behind the form. */
export function errorForm(request: Pick<IncomingMessage, 'headers'>, query: URLSearchParams): Form {
  try {
    return negotiate(request, query);
  } catch {
    return { media: 'json', convert: undefined, metaVersion: 'v1', pretty: true };
  }
}

export const notAcceptable = (message: string): StatusError => new StatusError(406, 'NotAcceptable', message);

function conversionOf(
  parameters: ReadonlyMap<string, string>,
  abilities: Abilities,
): Pick<Form, 'convert' | 'metaVersion'> | undefined {
  const [as, group, version, stream] = ['as', 'g', 'v', 'stream'].map((name) => parameters.get(name));
  if (parameters.has('sv') || (stream !== undefined && stream !== 'watch')) return undefined;
  if (as === undefined && group === undefined && version === undefined)
    return { convert: undefined, metaVersion: 'v1' };
  if (!abilities.conversions || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1'))
    return undefined;
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList') return undefined;
  return { convert: as, metaVersion: version };
}

/** People with a browser or curl get lines; `pretty` says otherwise either way. */
function isPretty(userAgent: string, query: URLSearchParams): boolean {
  const asked = query.get('pretty') ?? '';
  if (asked !== '') return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}

/** The `includeObject` parameter of Tables. Throws 400 for a value that is not known. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') ?? '';
  if (asked === '' || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
