// What a webhook answered, decoded once and checked against what it may answer.
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { jsonFault } from '../http/go-json.ts';
import type { JsonObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';
import type { Webhook } from './webhook-config.ts';
import { WebhookFailure } from './webhook-failure.ts';

export interface WebhookResponse {
  readonly allowed: boolean;
  /** RFC 6902 operations; none when nothing is to change. */
  readonly patch: readonly JsonObject[];
  readonly status: JsonObject;
  readonly warnings: readonly string[];
}

const text = z.string().nullish();
const responseSchema = z.object({
  uid: text,
  allowed: z.boolean().nullish(),
  patch: text,
  patchType: text,
  status: z.record(z.string(), z.unknown()).nullish(),
  warnings: z.array(z.string()).nullish(),
});
const reviewSchema = z.object({ apiVersion: text, kind: text, response: responseSchema.nullish() });
const patchSchema = z.array(z.record(z.string(), z.unknown()));

const invalid = (why: string): WebhookFailure => new WebhookFailure(`received invalid webhook response: ${why}`);
const notCalled = (why: string): WebhookFailure => new WebhookFailure(`failed to call webhook: ${why}`);

/** Throws WebhookFailure for anything but an AdmissionReview that answers request `uid`. */
export function decodeResponse(webhook: Webhook, answer: string, uid: string): WebhookResponse {
  const parsed = reviewSchema.safeParse(readJson(answer));
  if (!parsed.success) throw notCalled(shapeFault(parsed.error));
  const { apiVersion, kind, response } = parsed.data;
  if (response === undefined || response === null) throw invalid('webhook response was absent');
  if (webhook.reviewVersion === 'v1') {
    checkIdentity({ uid: response.uid ?? '', apiVersion: apiVersion ?? '', kind: kind ?? '' }, uid);
    checkPatchType(webhook, response.patch ?? '', response.patchType);
  }
  return {
    allowed: response.allowed === true,
    patch: webhook.mutating ? decodePatch(response.patch ?? '') : [],
    status: response.status ?? {},
    warnings: response.warnings ?? [],
  };
}

interface Identity {
  readonly uid: string;
  readonly apiVersion: string;
  readonly kind: string;
}

function checkIdentity(given: Identity, uid: string): void {
  if (given.uid !== uid)
    throw invalid(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given.uid)}`);
  if (given.apiVersion === 'admission.k8s.io/v1' && given.kind === 'AdmissionReview') return;
  const shown = given.apiVersion.includes('/') ? given.apiVersion : `/${given.apiVersion}`;
  throw invalid(
    `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${shown}, Kind=${given.kind}`,
  );
}

function checkPatchType(webhook: Webhook, patch: string, type: string | null | undefined): void {
  const hasType = type !== undefined && type !== null;
  if (!webhook.mutating) {
    if (patch !== '') throw invalid('validating webhook may not return response.patch');
    if (hasType) throw invalid('validating webhook may not return response.patchType');
    return;
  }
  if (patch !== '' && !hasType) throw invalid('webhook returned response.patch but not response.patchType');
  if (patch === '' && hasType) throw invalid('webhook returned response.patchType but not response.patch');
  if (type === '') throw invalid('webhook returned invalid response.patchType of ""');
  if (hasType && type !== 'JSONPatch') throw new WebhookFailure(`unsupported patch type ${JSON.stringify(type)}`);
}

function decodePatch(encoded: string): readonly JsonObject[] {
  const json = Buffer.from(encoded, 'base64').toString('utf8');
  if (json === '') return [];
  const fault = jsonFault(Buffer.from(json));
  if (fault !== undefined) throw undecodable(fault);
  const parsed = patchSchema.nullable().safeParse(JSON.parse(json));
  if (!parsed.success) throw undecodable('json: cannot unmarshal into Go value of type jsonpatch.Patch');
  return parsed.data ?? [];
}

const undecodable = (why: string): WebhookFailure =>
  new WebhookFailure(`received undecodable patch in webhook response: ${why}`);

function readJson(answer: string): unknown {
  const value = parsedAnswer(answer);
  const kind = stringAt(value, 'kind') ?? '';
  const apiVersion = stringAt(value, 'apiVersion') ?? '';
  if (kind !== '' && apiVersion !== '' && (kind !== 'AdmissionReview' || !apiVersion.startsWith('admission.k8s.io/')))
    throw notCalled(`unable to decode ${apiVersion}, Kind=${kind} into *v1.AdmissionReview`);
  return value;
}

const NOT_PARSED = "couldn't get version/kind; json parse error: ";
/** What a decoder looks for first. */
const TYPE_META =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** An object is JSON; everything else is read as YAML, as the server's decoders do. */
function parsedAnswer(answer: string): unknown {
  if (answer.trimStart().startsWith('{')) {
    const fault = jsonFault(Buffer.from(answer));
    if (fault !== undefined) throw notCalled(`${NOT_PARSED}${fault}`);
    return JSON.parse(answer);
  }
  const document = parseDocument(answer);
  const [error] = document.errors;
  if (error !== undefined) throw notCalled(`yaml: ${error.message.split('\n')[0] ?? ''}`);
  const value: unknown = document.toJS();
  if (isObject(value)) return value;
  const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw notCalled(`${NOT_PARSED}json: cannot unmarshal ${type} into ${TYPE_META}`);
}

function shapeFault(error: z.ZodError): string {
  const [issue] = error.issues;
  return `json: cannot unmarshal into Go struct field AdmissionReview.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
