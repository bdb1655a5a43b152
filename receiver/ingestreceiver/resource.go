package ingestreceiver

import (
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	serviceName = string(semconv.ServiceNameKey)
	fieldTime   = "timestamp"
)

// resources gives records of one request with the same service and resource the same Resource.
type resources struct {
	known map[string]*signal.Resource
	key   []byte
}

func newResources() *resources { return &resources{known: map[string]*signal.Resource{}} }

// read takes the fields "service" and "resource" of a record.
func (rs *resources) read(r *record) *signal.Resource {
	return rs.of(r, r.name("service"))
}

// readOptional leaves it to logs.operators to find out the service.
func (rs *resources) readOptional(r *record) *signal.Resource {
	return rs.of(r, r.optionalText("service"))
}

func (rs *resources) of(r *record, service string) *signal.Resource {
	given := r.attributes("resource")
	attributes := make(signal.Map, 0, len(given)+1)
	if service != "" {
		attributes = append(attributes, signal.KeyValue{Key: serviceName, Value: signal.Value{Data: service}})
	}
	for _, kv := range given {
		if kv.Key != serviceName || service == "" {
			attributes = append(attributes, kv)
			continue
		}
		if kv.Value.Str() != service {
			r.fail("resource."+serviceName, "differs from service")
		}
	}
	return rs.share(attributes)
}

func (rs *resources) share(attributes signal.Map) *signal.Resource {
	if len(attributes) == 0 {
		attributes = nil
	}
	var lossless bool
	rs.key, lossless = signal.AppendPlainJSON(rs.key[:0], attributes)
	if !lossless { // others may have the same key
		return &signal.Resource{Attributes: attributes}
	}
	resource, ok := rs.known[string(rs.key)]
	if !ok {
		resource = &signal.Resource{Attributes: attributes}
		rs.known[string(rs.key)] = resource
	}
	return resource
}
