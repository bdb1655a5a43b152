package ledger

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// severities are what failures may make of an incident, as columns number them; 0 is not known.
var severities = []incident.Severity{"", incident.SeverityLow, incident.SeverityMedium, incident.SeverityHigh}

// SeverityNumber is a severity as a column.
func SeverityNumber(s incident.Severity) int64 { return int64(max(0, slices.Index(severities, s))) }

// SeverityNow is an SQL expression of how severe an incident of the table named by alias is: the worst that any of
// its failures makes of it now. Whether many failed requests make it critical is for its newest analysis to say; a
// routine error is low whatever its requests came to.
func SeverityNow(alias, isRoutine string) string {
	of := " WHERE tenant = " + alias + ".tenant AND incident_id = " + alias + ".id"
	return "CASE WHEN " + isRoutine + ` THEN 'low' ELSE
		CASE (SELECT max(worst) FROM (SELECT max(severity) AS worst FROM incident_failures` + of + `
			UNION ALL SELECT max(severity) FROM trimmed_failures` + of + `) AS failed)
		WHEN 3 THEN CASE WHEN ` + alias + `.severity = 'critical' THEN 'critical' ELSE 'high' END
		WHEN 2 THEN 'medium' WHEN 1 THEN 'low' ELSE ` + alias + `.severity END END`
}
