package ledger

import "context"

// What incidents take is estimated, from the number of their rows and the size of what is big in them.
const (
	// FailureBytes is about what a failure of an incident takes with its link, indexes included.
	FailureBytes = 1000
	// RowBytes is about what any other row takes besides its big columns.
	RowBytes = 1000
)

// KeptFailures is how many failures an incident keeps, the newest, however much is to be dropped.
const KeptFailures = 1000

// Free repeats each step, one after the other, until no more than bound bytes are taken or the step frees
// none. Steps return about how many bytes they freed, which taken is lowered by.
func Free(ctx context.Context, taken *int64, bound int64, steps ...func(context.Context) (int64, error)) error {
	for _, step := range steps {
		for *taken > bound {
			freed, err := step(ctx)
			if err != nil {
				return err
			}
			if freed == 0 {
				break
			}
			*taken = max(0, *taken-freed)
		}
	}
	return nil
}
