// Package notifications has three replicas tell receivers of incidents while replicas are killed and receivers are away,
// and counts what was lost and what came twice.
package notifications
