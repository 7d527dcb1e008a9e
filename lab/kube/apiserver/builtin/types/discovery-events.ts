// Kinds of discovery.k8s.io/v1 and events.k8s.io/v1, in the notation of schema/notation.ts.

/** The Event of events.k8s.io is named apart: core/v1 has a kind of the same name. */
export const discoveryAndEventTypes = `
EndpointSlice
  apiVersion string
  kind string
  metadata ObjectMeta
  addressType! string
  endpoints! []Endpoint
  ports []EndpointSlicePort
Endpoint
  addresses! []string set
  conditions EndpointConditions
  deprecatedTopology map string
  hints EndpointHints
  hostname string
  nodeName string
  targetRef ObjectReference
  zone string
EndpointConditions
  ready bool
  serving bool
  terminating bool
EndpointHints
  forZones []ForZone
ForZone
  name! string
EndpointSlicePort atomic
  appProtocol string
  name string
  port int32
  protocol string

EventOfEvents
  apiVersion string
  kind string
  metadata ObjectMeta
  action string
  deprecatedCount int32
  deprecatedFirstTimestamp time
  deprecatedLastTimestamp time
  deprecatedSource EventSource
  eventTime! microTime
  note string
  reason string
  regarding ObjectReference
  related ObjectReference
  reportingController string
  reportingInstance string
  series EventSeries
  type string
`;
