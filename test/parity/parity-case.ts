// What a parity case is: one behaviour of the Kubernetes API, checked the same way against every server.
import type { ParityContext } from './context.ts';

/** Behaviours the cases are grouped by; the suite demands a least number of cases from each that issue and docs name. */
export const groups = [
  'watch',
  'list',
  'json-patch',
  'merge-patch',
  'strategic-patch',
  'apply',
  'apply-conflicts',
  'crd-pruning',
  'crd-defaulting',
  'crd-versions',
  'cel',
  'webhooks',
  'admission-policies',
  'garbage-collection',
  'deletion',
  'rbac',
  'authentication',
  'tables',
  'errors',
  'http',
  'discovery',
  'kinds',
  'subresources',
  'documents',
  'kubectl',
  'javascript-client',
] as const;
export type Group = (typeof groups)[number];

/**
 * What a case needs from the server beside its API; a server without it skips the case by name.
 * - `kubectl`: a kubectl on the PATH
 * - `controllers`: namespace, ServiceAccount and garbage collection controllers run
 * - `compaction`: old versions can be dropped on command
 * - `local-webhooks`: the server can call a webhook on this machine's loopback
 * - `certificates`: client certificates can be issued
 */
export const needs = ['kubectl', 'controllers', 'compaction', 'local-webhooks', 'certificates'] as const;
export type Need = (typeof needs)[number];

/** One changed line of our server under which the case must fail. `find` occurs exactly once in `file`. */
export interface Mutation {
  /** From the project's root, for example `lab/kube/apiserver/status.ts`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface ParityCase {
  /** `group/kebab-name`; unique. */
  readonly id: `${Group}/${string}`;
  /** A sentence: what the server does. */
  readonly title: string;
  /** Where the behaviour is laid down: Kubernetes documentation page, source file or conformance test, by name. */
  readonly source: string;
  readonly mutation: Mutation;
  readonly needs?: readonly Need[];
  /** First Kubernetes release that behaves so, for example `1.25`; default `1.20`. Older servers skip the case. */
  readonly since?: `1.${number}`;
  /** First release that no longer behaves so; servers from there on skip the case. */
  readonly until?: `1.${number}`;
  /** Throws when the server behaves otherwise (node:assert/strict). */
  readonly run: (t: ParityContext) => Promise<void>;
}

export const groupOf = (parityCase: Pick<ParityCase, 'id'>): Group => parityCase.id.split('/')[0] as Group;
