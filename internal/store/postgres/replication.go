package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// errUnreplicated: a server whose wait for a synchronous standby ends, by a bound of time or on request, commits all
// the same, and tells so in a warning only. A standby that takes over then lacks what was committed.
var errUnreplicated = fmt.Errorf("%w: PostgreSQL: no synchronous standby has confirmed what was committed: bring one back, or change synchronous_standby_names", store.ErrUnavailable)

// unreplicated is the mark of a connection that was told so.
const unreplicated = "unreplicated"

// noteUnreplicated marks the connection. The text of the warning depends on the server's language, and its code is
// that of any warning.
func noteUnreplicated(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.Routine == "SyncRepWaitForLSN" {
		c.CustomData()[unreplicated] = true
	}
}

// wasUnreplicated takes the mark away.
func wasUnreplicated(c *pgconn.PgConn) bool {
	_, marked := c.CustomData()[unreplicated]
	delete(c.CustomData(), unreplicated)
	return marked
}
