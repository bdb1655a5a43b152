package ledger

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// severities are what failures may make of an incident, as columns number them; 0 is not known.
var severities = []incident.Severity{"", incident.SeverityLow, incident.SeverityMedium, incident.SeverityHigh}

// SeverityNumber is a severity as a column.
func SeverityNumber(s incident.Severity) int64 { return int64(max(0, slices.Index(severities, s))) }

// numberOf is SeverityNumber of a severity that an incident is stored with, as an SQL expression. Critical is of many
// failures, none of which is worse than high.
func numberOf(severity string) string {
	return "CASE " + severity + " WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 WHEN 'critical' THEN 3 ELSE 0 END"
}

// SeverityNow is an SQL expression of how severe an incident of the table named by alias is: the worst that any of
// its failures makes of it now. Those of which it is not known are no less than what is stored of the incident.
// Whether many failed requests make it critical is for its newest analysis to say; a routine error is low whatever its
// requests came to.
func SeverityNow(alias, isRoutine string) string {
	of := " WHERE tenant = " + alias + ".tenant AND incident_id = " + alias + ".id"
	return "CASE WHEN " + isRoutine + ` THEN 'low' ELSE
		CASE (SELECT max(worst) FROM (SELECT max(severity) AS worst FROM incident_failures` + of + `
			UNION ALL SELECT max(severity) FROM trimmed_failures` + of + `
			UNION ALL SELECT ` + numberOf(alias+".severity") + ` WHERE EXISTS (SELECT 1 FROM incident_failures` + of + ` AND severity = 0)
				OR EXISTS (SELECT 1 FROM trimmed_failures` + of + ` AND severity = 0)) AS failed)
		WHEN 3 THEN CASE WHEN ` + alias + `.severity = 'critical' THEN 'critical' ELSE 'high' END
		WHEN 2 THEN 'medium' WHEN 1 THEN 'low' ELSE ` + alias + `.severity END END`
}

// KnownSeverity is an SQL expression of what a row of failures makes of its incident; where that is not known, what is
// stored of the incident of a tenant, all three as expressions.
func KnownSeverity(number, tenant, id string) string {
	return "coalesce(nullif(" + number + ", 0), (SELECT " + numberOf("known.severity") + " FROM incidents AS known WHERE known.tenant = " + tenant + " AND known.id = " + id + "), 0)"
}
