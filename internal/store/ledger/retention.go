package ledger

// What incidents take is estimated, from the number of their rows and the size of what is big in them.
const (
	// FailureBytes is about what a failure of an incident takes with its link, indexes included.
	FailureBytes = 1000
	// RowBytes is about what any other row takes besides its big columns.
	RowBytes = 1000
)

// KeptFailures is how many failures an incident keeps, the newest, however much is to be dropped.
const KeptFailures = 1000
