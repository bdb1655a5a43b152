package incident

import "time"

// Policy bounds incidents and their analyses; it comes from the rca exporter's configuration.
type Policy struct {
	// MaxNewIncidents is how many incidents one service may open an hour before further roots
	// are attached to its ungrouped incident; 0 means no bound.
	MaxNewIncidents int
	// MaxNewIncidentsOfTenant bounds what all its services together may open an hour; further roots
	// are attached to the tenant's ungrouped incident. One source may open half of what is left, so
	// that a flood from one leaves room for others; 0 means no bound.
	MaxNewIncidentsOfTenant int
	// LateWindow is how long after a failure's first error late signals may ask for a new
	// revision.
	LateWindow time.Duration
	// ResolveAfter is how much later than a resolved incident's last error another must have happened, by
	// event time, to be a regression: a backlog that comes late is none.
	ResolveAfter time.Duration
}
