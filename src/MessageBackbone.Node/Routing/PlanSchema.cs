namespace MessageBackbone.Node.Routing;

/// <summary>The tables of plan.db. The lane's counters are kept by triggers, so that no statement can forget them.</summary>
/// <remarks>A row that <c>waits</c> is not published: it is quarantined, or it is behind another of its conversation. One that <c>blocks</c> keeps later rows
/// of its conversation waiting: it is quarantined, or it goes on alone after a quarantine. Both: quarantined. Neither: as most rows are. One that is there
/// <c>again</c> is of a delivery that a receipt had settled: its own end alone takes it away.</remarks>
internal static class PlanSchema
{
    /// <summary>"MBPL" in the file's header: this is a plan and no other database.</summary>
    public const int ApplicationId = 0x4D42504C;

    public const int Version = 5;

    public const string Create = """
        create table lane (
            recipient text not null, precedence integer not null,
            next_sequence integer not null default 1,
            waiting integer not null default 0,
            published integer not null default 0,
            kept integer not null default 0,
            primary key (recipient, precedence)) without rowid;
        create index lane_waiting on lane (precedence desc, recipient) where waiting > 0;
        create table row (
            recipient text not null, precedence integer not null, sequence integer not null,
            message_id blob not null, position integer not null, traceparent text,
            published integer not null default 0,
            attempts integer not null default 0,
            doubtful integer not null default 0,
            not_before integer not null default 0,
            deliver_by integer not null default 0,
            conversation blob,
            waits integer not null default 0,
            blocks integer not null default 0,
            quarantined_at integer not null default 0,
            quarantined_for text,
            recalled_by integer not null default 0,
            again integer not null default 0,
            primary key (recipient, precedence, sequence)) without rowid;
        create unique index row_message on row (message_id, recipient);
        create index row_unpublished on row (recipient, precedence, sequence) where published = 0 and waits = 0;
        create index row_conversation on row (conversation, recipient, position) where conversation is not null;
        create index row_waits on row (conversation, recipient, position) where waits = 1 and blocks = 0;
        create index row_blocks on row (conversation, recipient, position) where blocks = 1;
        create index row_quarantined on row (recipient, position) where quarantined_at > 0;
        create index row_later on row (not_before) where not_before > 0;
        create index row_deliver_by on row (precedence, deliver_by) where deliver_by > 0;
        create index row_recalled on row (precedence desc, recalled_by) where recalled_by > 0;
        create table recall (order_id blob primary key, precedence integer not null, position integer not null) without rowid;
        create index recall_next on recall (precedence desc, position);
        create table report (event_id blob primary key, precedence integer not null, position integer not null) without rowid;
        create index report_next on report (precedence desc, position);
        create table gap (
            recipient text not null, precedence integer not null, sequence integer not null, told_by integer,
            primary key (recipient, precedence, sequence)) without rowid;
        create table bureau (code text primary key, closed_by blob) without rowid;
        create index bureau_closed on bureau (code) where closed_by is not null;
        create table checkpoint (id integer primary key check (id = 1), position integer not null, event_id blob not null);
        create table incarnation (id integer primary key check (id = 1), guid blob not null);
        create table attendance (bureau text primary key, node text not null, epoch integer not null) without rowid;
        create trigger row_added after insert on row begin
            update lane set waiting = waiting + (new.published = 0 and new.waits = 0), published = published + (new.published = 1),
                kept = kept + new.waits
            where recipient = new.recipient and precedence = new.precedence; end;
        create trigger row_ended after delete on row begin
            update lane set waiting = waiting - (old.published = 0 and old.waits = 0), published = published - (old.published = 1),
                kept = kept - old.waits
            where recipient = old.recipient and precedence = old.precedence; end;
        create trigger row_marked after update of published, waits on row
        when new.published <> old.published or new.waits <> old.waits begin
            update lane set
                waiting = waiting - (old.published = 0 and old.waits = 0) + (new.published = 0 and new.waits = 0),
                published = published - (old.published = 1) + (new.published = 1),
                kept = kept - old.waits + new.waits
            where recipient = new.recipient and precedence = new.precedence; end;
        """;
}
