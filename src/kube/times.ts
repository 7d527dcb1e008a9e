// The two ways Kubernetes writes a moment: metav1.Time in whole seconds, metav1.MicroTime with six digits.

/** metav1.Time, such as `2026-01-31T12:00:00Z`. */
export function rfc3339(moment: Date): string {
  return moment.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** metav1.MicroTime, such as `2026-01-31T12:00:00.123000Z`; servers of Leases refuse fewer digits. */
export function microTime(moment: Date): string {
  return moment.toISOString().replace(/Z$/, '000Z');
}
