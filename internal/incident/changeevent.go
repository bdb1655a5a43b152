package incident

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// A change travels as a log event: its time is the record's, its service the resource's
// service.name, and these attributes hold the rest. All other attributes are Change.Attributes.
const (
	ChangeEvent       = "prodsentinel.change"
	ChangeAttrID      = "prodsentinel.change.id"
	ChangeAttrKind    = "prodsentinel.change.kind"
	ChangeAttrVersion = "prodsentinel.change.version"
	ChangeAttrTitle   = "prodsentinel.change.title"
	ChangeAttrURL     = "prodsentinel.change.url"
)

// ChangeOf reads the change that an event named ChangeEvent carries.
func ChangeOf(event *signal.Log) Change {
	c := Change{Time: event.EventTime(), ReceivedAt: event.ReceivedAt}
	if event.Resource != nil {
		c.Service = semconv.Service(event.Resource.Attributes)
	}
	for _, a := range event.Attributes {
		switch a.Key {
		case ChangeAttrID:
			c.ID = a.Value.Str()
		case ChangeAttrKind:
			c.Kind = a.Value.Str()
		case ChangeAttrVersion:
			c.Version = a.Value.Str()
		case ChangeAttrTitle:
			c.Title = a.Value.Str()
		case ChangeAttrURL:
			c.URL = a.Value.Str()
		default:
			c.Attributes = append(c.Attributes, a)
		}
	}
	return c
}
