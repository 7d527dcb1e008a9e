// Takes secrets out of what leaves the cluster: by the name of a field, and by the form of a value. Pure.

const REMOVED = '(removed)';

/** Names of fields, variables and flags whose values are secrets. */
const SECRET_NAME = /secret|token|password|passwd|credential|private.?key|api.?key|authorization|ca\.key|tls\.key/i;
/** Names that only sound like one. */
const HARMLESS_NAME =
  /^(secretName|secretRef|secretKeyRef|imagePullSecrets|secrets|clientToken|automountServiceAccountToken|serviceAccountToken|credentialSource|credential-source|credentials-dir)$/i;

/** Values that are secrets wherever they stand. */
const SECRET_VALUES: readonly RegExp[] = [
  // Keys of Tencent Cloud.
  /\bAKID[A-Za-z0-9]{13,}/g,
  // Tokens of ServiceAccounts and others in the form of JWT.
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g,
  /\b(?:Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}/g,
  // A flag or a setting with its value.
  /(?<=(?:secret[-_]?(?:id|key)|token|password)["']?\s*[=:]\s*["']?)[A-Za-z0-9+/_.=-]{8,}/gi,
];

/** A text without what looks like a secret. */
export function redactText(text: string): string {
  let clean = text;
  for (const form of SECRET_VALUES) clean = clean.replace(form, REMOVED);
  return clean;
}

/**
 * A copy without secrets: values of fields whose name says so, of environment variables (all that stand in the object), and whatever looks like
 * one. Also without managedFields and the copy that kubectl apply leaves, which nobody reads.
 */
export function redact(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return isSecretName(name) && value !== '' ? REMOVED : redactText(value);
  // Addresses of parsed rules, which JSON does not know.
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value))
    return name === 'env' ? value.map(redactVariable) : value.map((item: unknown) => redact(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key]) => key !== 'managedFields' && key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, redact(item, key)]));
}

const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);

/** A variable keeps its name; its value may be anything, so it goes. */
function redactVariable(variable: unknown): unknown {
  if (typeof variable !== 'object' || variable === null) return variable;
  return 'value' in variable ? { ...variable, value: REMOVED } : variable;
}
