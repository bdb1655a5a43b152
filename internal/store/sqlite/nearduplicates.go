package sqlite

import (
	"encoding/json"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const nearDuplicateColumns = "signature, rule, message, position, examples, state, joined_at, incident_id"

// nearDuplicates reads what near-duplicates have in common.
func (c *conn) nearDuplicates(where string, args ...any) (list []*incident.NearDuplicates, err error) {
	err = c.query("SELECT "+nearDuplicateColumns+" FROM near_duplicates WHERE "+where, func(r *row) error {
		var p parser
		n := incident.NearDuplicates{Signature: r.text(), Rule: r.text(), Message: r.text(), Position: r.count()}
		p.json(r, &n.Examples)
		n.State, n.JoinedAt, n.IncidentID = incident.NearDuplicateState(r.text()), r.time(), r.text()
		list = append(list, &n)
		return p.Err
	}, args...)
	return list, err
}

// similar loads the near-duplicates of a failure's variants, and the IDs of the living incidents that they have.
func (s *classifying) similar(o incident.Occurrence) (found map[string]*incident.NearDuplicates, living []string, err error) {
	found = map[string]*incident.NearDuplicates{}
	signatures := o.VariantSignatures()
	if len(signatures) == 0 {
		return found, nil, nil
	}
	asked, err := json.Marshal(signatures)
	if err != nil {
		return nil, nil, err
	}
	list, err := s.nearDuplicates("tenant = ? AND signature IN (SELECT value FROM json_each(?))", s.result.Failure.Tenant, string(asked))
	if err != nil {
		return nil, nil, err
	}
	for _, n := range list {
		found[n.Signature] = n
		if n.Into, err = s.survivor(n.IncidentID); err != nil {
			return nil, nil, err
		}
		living = append(living, n.Into)
		for i := range n.Examples {
			e := &n.Examples[i]
			if e.Into, err = s.survivor(e.IncidentID); err != nil {
				return nil, nil, err
			}
			living = append(living, e.Into)
		}
	}
	return found, living, nil
}

// survivor is the living incident that an incident is or was merged into, "" where it is gone.
func (s *classifying) survivor(id string) (into string, err error) {
	err = s.query("SELECT iif(merged_into = '', id, merged_into) FROM incidents WHERE tenant = ? AND id = ?", func(r *row) error {
		into = r.text()
		return nil
	}, s.result.Failure.Tenant, id)
	return into, err
}

func (c identityChange) saveNearDuplicates(list []*incident.NearDuplicates) error {
	for _, n := range list {
		examples, err := json.Marshal(n.Examples)
		if err != nil {
			return err
		}
		_, err = c.exec("INSERT INTO near_duplicates (tenant, "+nearDuplicateColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (tenant, signature) DO UPDATE SET examples = excluded.examples, state = excluded.state, joined_at = excluded.joined_at,
				incident_id = excluded.incident_id`,
			c.tenant, n.Signature, n.Rule, n.Message, n.Position, string(examples), n.State, n.JoinedAt, n.IncidentID)
		if err != nil {
			return err
		}
	}
	return nil
}

// splitNearDuplicates ends the rules by which an incident belonged to the one that it is split off.
func (c identityChange) splitNearDuplicates(s incident.Split) error {
	_, err := c.exec(`UPDATE near_duplicates SET state = ?4 WHERE tenant = ?1 AND state = ?5
		AND incident_id IN (SELECT ?2 UNION ALL SELECT id FROM incidents WHERE tenant = ?1 AND merged_into = ?2)
		AND EXISTS (SELECT 1 FROM json_each(examples) WHERE json_extract(value, '$.incident_id') = ?3)`,
		c.tenant, s.From, s.To, incident.NearDuplicatesSplit, incident.NearDuplicatesJoined)
	return err
}

// joinedNearDuplicates are the rules by which an incident has near-duplicates, or had.
func (c *conn) joinedNearDuplicates(tenant, id string) (list []incident.NearDuplicates, err error) {
	found, err := c.nearDuplicates(`tenant = ?1 AND state <> ?3 AND incident_id IN (SELECT ?2 UNION ALL SELECT id FROM incidents WHERE tenant = ?1 AND merged_into = ?2)
		ORDER BY joined_at, signature LIMIT ?4`, tenant, id, incident.NearDuplicatesSeen, incident.MaxNearDuplicates)
	for _, n := range found {
		list = append(list, *n)
	}
	return list, err
}
