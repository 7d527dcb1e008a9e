// What the server knows about one served resource: names, schema, subresources, columns and the rules of its kind.
import type { NewFields } from '../apply/new-entry.ts';
import type { CustomObjects } from '../custom/custom-object.ts';
import type { RuleTable } from '../custom/rules-check.ts';
import type { FieldError } from '../field-error.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldReaders } from '../selection/field-selector.ts';
import type { Series } from './series.ts';

export type Subresource =
  | 'status'
  | 'scale'
  | 'binding'
  | 'eviction'
  | 'token'
  | 'finalize'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'log';

/** What rules of a kind may use besides the objects themselves. */
export interface RuleContext {
  readonly now: Date;
  /** The subresource that the write goes through. */
  readonly subresource: Subresource | undefined;
  /** The spec was found sound before, in the same words: nobody needs to ask for `specFaults`. */
  readonly specIsSound?: boolean;
  /** Looks up another object, e.g. the ServiceAccount that a Pod names. */
  readonly find: (group: string, plural: string, namespace: string | undefined, name: string) => ApiObject | undefined;
  /** All objects of a resource. */
  readonly all: (group: string, plural: string) => readonly ApiObject[];
  /** Adds a Warning header to the answer. */
  readonly warn: (message: string) => void;
}

/** The rules of a kind. Drafts may be changed; everything else must not be. */
export interface Rules {
  /** Counts spec changes in metadata.generation. */
  readonly tracksGeneration?: boolean;
  /** A new object keeps the status it was sent with (Nodes register with one). */
  readonly keepsStatusOnCreate?: boolean;
  /** A PUT must carry the resourceVersion that it replaces (custom resources always do). */
  readonly needsLock?: boolean;
  /** Says why a name is not allowed; default: RFC 1123 subdomain. */
  readonly nameFault?: (name: string) => string | undefined;
  /** Fills in defaults after decoding, on create and on update. */
  readonly applyDefaults?: (draft: ApiObject) => void;
  /** Fills in what creation decides, after admission webhooks and before validation. Throws StatusError to refuse. */
  readonly prepareCreate?: (draft: ApiObject, context: RuleContext) => void;
  /** What no two objects of the kind may hold, e.g. addresses; looked at once more when a new object is stored. */
  readonly claims?: (object: ApiObject) => readonly string[];
  /** Carries over what an update must not change, e.g. allocated addresses. */
  readonly prepareUpdate?: (draft: ApiObject, old: ApiObject, context: RuleContext) => void;
  readonly validate?: (object: ApiObject, context: RuleContext) => FieldError[];
  /** Faults of the spec that follow from nothing but the spec; told after those of `validate`. */
  readonly specFaults?: (spec: JsonObject) => FieldError[];
  /** The kind's objects come in series (see `createSeries`); their defaults of the spec depend on nothing but the spec. */
  readonly drawnName?: (spec: JsonObject) => string | undefined;
  readonly validateUpdate?: (object: ApiObject, old: ApiObject, context: RuleContext) => FieldError[];
  /** Faults of an update through the status subresource. */
  readonly validateStatus?: (object: ApiObject, old: ApiObject) => FieldError[];
  /** Seconds of grace for a deletion; kinds without it are removed at once. */
  readonly gracePeriod?: (object: ApiObject, requested: number | undefined) => number;
  /** Changes an object that is being deleted (Namespaces become Terminating). */
  readonly markDeleted?: (draft: ApiObject) => void;
  /** Keeps the object although nothing in metadata does (Namespaces have spec.finalizers). */
  readonly blocksRemoval?: (object: ApiObject) => boolean;
  /** Refuses a deletion by throwing StatusError. */
  readonly checkDelete?: (object: ApiObject) => void;
}

/** A column of the table form that kubectl prints. `priority` above 0 shows with `-o wide` only. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly value: (object: ApiObject, now: Date) => unknown;
}

/** Where the scale subresource reads and writes, as member paths. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** The selector as text, or as a LabelSelector object to be formatted. */
  readonly selector: readonly string[] | undefined;
}

/** Objects of another resource, shown in a form of their own. */
export interface View {
  readonly stored: { readonly group: string; readonly plural: string };
  readonly toStored: (object: ApiObject) => ApiObject;
  readonly fromStored: (object: ApiObject) => ApiObject;
}

/** The walks over drafts of built-in kinds that every write makes, prepared for their schemas. */
export interface Walks {
  /** Defaults that the schema names. */
  readonly applyDefaults: (value: unknown, schema: Schema) => void;
  /** What is written even when nobody set it. */
  readonly complete: (value: unknown, schema: Schema) => void;
  /** What the creator of an object owns, or `undefined` when nothing of it has an owner. */
  readonly fieldsOfNew: (
    object: ApiObject,
    definition: Definition,
    subresource: Subresource | undefined,
  ) => NewFields | undefined;
}

export interface Definition {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly Subresource[];
  readonly schema: Schema;
  /** Defined by a CustomResourceDefinition. */
  readonly custom: boolean;
  readonly fields: FieldReaders;
  readonly columns: readonly Column[];
  readonly rules: Rules;
  readonly scale?: ScalePaths;
  /** The objects belong to another resource (Events have two groups). */
  readonly view?: View;
  /** What the definition of a custom resource says about its objects. */
  readonly objects?: CustomObjects;
  /** Compiled `x-kubernetes-validations` of a custom resource. */
  readonly validations?: RuleTable;
  /** Built-in kinds only. */
  readonly walks?: Walks;
  /** Kinds with `drawnName` only. */
  readonly series?: Series;
  /** Warning for each request to a deprecated version. */
  readonly deprecationWarning?: string;
}

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = (resource: { readonly group: string; readonly version: string }): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;

/** The collection of a resource; versions of one kind share it. */
export const collectionId = (resource: { readonly group: string; readonly plural: string }): string =>
  `${resource.group}/${resource.plural}`;

/** Key of an object in its collection. */
export const objectKey = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;
