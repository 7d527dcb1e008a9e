// Values in Go's notation, as messages of a real server show structs and maps (`map[string]string{"app":"web"}`).
import { ShownValue } from '../../field-error.ts';
import { isObject, plainText, stringsAt } from '../../json.ts';

const quoted = (value: unknown): string => JSON.stringify(plainText(value));

const strings = (values: unknown): string =>
  Array.isArray(values) ? `[]string{${values.map(quoted).join(', ')}}` : '[]string(nil)';

const stringMap = (map: unknown): string =>
  isObject(map)
    ? `map[string]string{${Object.keys(map)
        .sort()
        .map((key) => `${quoted(key)}:${quoted(map[key])}`)
        .join(', ')}}`
    : 'map[string]string(nil)';

/** A map of words. */
export const goStringMap = (map: unknown): ShownValue => new ShownValue(stringMap(map));

/** A list of words. */
export const goStrings = (values: unknown): ShownValue => new ShownValue(strings(values));

/** A LabelSelector; in the API form of meta/v1. */
export function goLabelSelector(selector: unknown): ShownValue {
  const { matchLabels, matchExpressions } = isObject(selector) ? selector : {};
  const expressions = Array.isArray(matchExpressions)
    ? `[]v1.LabelSelectorRequirement{${matchExpressions
        .map(
          (expression: unknown) =>
            `v1.LabelSelectorRequirement{Key:${quoted(isObject(expression) ? expression['key'] : '')}, ` +
            `Operator:${quoted(isObject(expression) ? expression['operator'] : '')}, ` +
            `Values:${isObject(expression) && expression['values'] !== undefined ? strings(stringsAt(expression, 'values')) : '[]string(nil)'}}`,
        )
        .join(', ')}}`
    : '[]v1.LabelSelectorRequirement(nil)';
  return new ShownValue(`v1.LabelSelector{MatchLabels:${stringMap(matchLabels)}, MatchExpressions:${expressions}}`);
}

/** A struct of the server's own types: fields in order, each a text, a number or a boolean. */
export const goStruct = (type: string, fields: readonly (readonly [string, string | number | boolean])[]): ShownValue =>
  new ShownValue(
    `${type}{${fields.map(([name, value]) => `${name}:${typeof value === 'string' ? quoted(value) : String(value)}`).join(', ')}}`,
  );

/** A ServicePort as its duplicates are reported: protocol and number, everything else zero. */
export const goServicePort = (protocol: string, port: number): ShownValue =>
  new ShownValue(
    `core.ServicePort{Name:"", Protocol:${quoted(protocol)}, AppProtocol:(*string)(nil), Port:${port}, ` +
      'TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
  );
