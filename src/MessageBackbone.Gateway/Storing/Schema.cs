namespace MessageBackbone.Gateway.Storing;

/// <summary>The tables of gateway.db. Times are Unix milliseconds. Blobs come last, so that lists read no overflow pages.</summary>
internal static class Schema
{
    public static readonly string[] Statements =
    [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        // What a recall deletes is overwritten, not only unlinked. Only this connection, the writer's, deletes.
        "PRAGMA secure_delete = ON",
        // state: 0 waiting, 1 accepted, 2 refused, 3 replaced. Header and body exactly as sent: the body is never kept in clear unless it is sent in clear.
        """
        CREATE TABLE IF NOT EXISTS outbox (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id TEXT NOT NULL UNIQUE,
            state INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reference TEXT NOT NULL,
            recipients TEXT NOT NULL,
            size INTEGER NOT NULL,
            queued_at INTEGER NOT NULL,
            queued_by TEXT NOT NULL,
            signed_again INTEGER NOT NULL DEFAULT 0,
            decided_at INTEGER,
            position INTEGER,
            reason TEXT,
            reason_text TEXT,
            replaced_by TEXT,
            replaces TEXT,
            traceparent TEXT,
            header_sha256 BLOB NOT NULL,
            receipt BLOB,
            header BLOB NOT NULL,
            body BLOB NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS outbox_reference ON outbox (reference, row) WHERE reference <> ''",
        "CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (precedence DESC, row) WHERE state = 0",
        // outcome as in DeliveryOutcome. One row for each header that came; among the delivered each message once.
        """
        CREATE TABLE IF NOT EXISTS inbox (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id TEXT NOT NULL,
            outcome INTEGER NOT NULL,
            reason TEXT NOT NULL,
            sender TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            kind TEXT NOT NULL,
            topic TEXT NOT NULL,
            reference TEXT NOT NULL,
            conversation_id TEXT NOT NULL,
            exercise INTEGER NOT NULL,
            position INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            opened_at INTEGER,
            officer TEXT,
            header_sha256 BLOB NOT NULL,
            acceptance BLOB,
            header BLOB NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (message_id, header_sha256))
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS inbox_shown_once ON inbox (message_id) WHERE outcome = 1",
        "CREATE INDEX IF NOT EXISTS inbox_reference ON inbox (sender, reference, row) WHERE outcome = 1 AND reference <> ''",
        "CREATE INDEX IF NOT EXISTS inbox_apart ON inbox (row) WHERE outcome = 4",
        "CREATE INDEX IF NOT EXISTS inbox_urgent ON inbox (precedence DESC, row DESC) WHERE outcome = 1",
        "CREATE INDEX IF NOT EXISTS inbox_reports ON inbox (conversation_id) WHERE outcome = 1 AND kind = 'report.nondelivery'",
        "CREATE INDEX IF NOT EXISTS inbox_statements ON inbox (conversation_id) WHERE outcome = 1 AND kind = 'statement.recall'",
        // Orders to recall that came and verified: one row each, written with the statement that answers it. state as in RecallState.
        """
        CREATE TABLE IF NOT EXISTS recalls (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            order_id TEXT NOT NULL UNIQUE,
            message_id TEXT NOT NULL,
            sender TEXT NOT NULL,
            state INTEGER NOT NULL,
            legal_basis TEXT NOT NULL,
            at INTEGER NOT NULL,
            statement_id TEXT NOT NULL,
            header_sha256 BLOB NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS recalls_message ON recalls (message_id, row DESC)",
        // Orders to recall that this bureau sent.
        """
        CREATE TABLE IF NOT EXISTS recalls_sent (
            order_id TEXT PRIMARY KEY,
            message_id TEXT NOT NULL,
            reason TEXT NOT NULL,
            recipients TEXT NOT NULL,
            at INTEGER NOT NULL) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS recalls_sent_message ON recalls_sent (message_id, order_id)",
        // kind: 0 the answer to a delivery, 1 OPENED. state: 0 to be sent, 1 recorded by the node, 2 refused by the node.
        """
        CREATE TABLE IF NOT EXISTS receipts (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id TEXT NOT NULL,
            kind INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            state INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            position INTEGER,
            reason TEXT,
            header_sha256 BLOB NOT NULL,
            signed BLOB NOT NULL,
            UNIQUE (message_id, header_sha256, kind))
        """,
        "CREATE INDEX IF NOT EXISTS receipts_to_send ON receipts (precedence DESC, row) WHERE state = 0",
        // The ciphertext lies in attachments/out; its key is in the message's sealed content alone.
        """
        CREATE TABLE IF NOT EXISTS outbox_attachments (
            message_id TEXT NOT NULL,
            sha256 BLOB NOT NULL,
            size INTEGER NOT NULL,
            file TEXT NOT NULL UNIQUE,
            PRIMARY KEY (message_id, sha256))
        """,
        // state: 0 to be fetched, 1 here, 2 failed, 3 to be removed. The ciphertext lies in attachments/in, whole or as far as it was fetched.
        """
        CREATE TABLE IF NOT EXISTS inbox_attachments (
            message_id TEXT NOT NULL,
            sha256 BLOB NOT NULL,
            size INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,
            reason TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (message_id, sha256))
        """,
        "CREATE INDEX IF NOT EXISTS inbox_attachments_to_fetch ON inbox_attachments (precedence) WHERE state = 0",
        "CREATE INDEX IF NOT EXISTS inbox_attachments_to_remove ON inbox_attachments (precedence) WHERE state = 3",
        "CREATE TABLE IF NOT EXISTS directory (entry TEXT PRIMARY KEY, position INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        // direction as in CarryDirection: 1 written here, 2 taken here. Of a row that began anew, what came before it is gone.
        """
        CREATE TABLE IF NOT EXISTS carried (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            direction INTEGER NOT NULL,
            number INTEGER NOT NULL,
            at INTEGER NOT NULL,
            sha256 BLOB NOT NULL,
            UNIQUE (direction, number))
        """,
        "CREATE TABLE IF NOT EXISTS carried_tracking (message_id TEXT PRIMARY KEY, final INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE IF NOT EXISTS local_audit (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            local_user TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            outcome TEXT NOT NULL)
        """,
    ];
}
