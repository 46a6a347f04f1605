-- RXC/community: the community and mental health trust's system.
-- Habits: composite keys that start with the client; `client_id` is the local patient id on every table; clinical dates are text,
-- dd/mm/yyyy (also mm/yyyy, yyyy, or empty); the NHS number is kept as typed, mostly `999 123 4567`; names in one column,
-- `SURNAME, Given`; yes and no are 'Y' and 'N'; codes are the trust's own or there is only text; rows are deleted for good,
-- and a wrong one is marked in its status ('ERROR'). An amalgamated client keeps its row and names the surviving one.
CREATE SCHEMA care;

CREATE TABLE care.client (
    client_id      text PRIMARY KEY,           -- C0001234
    nhs_number     text,                       -- as typed, with or without spaces
    nhs_traced     text NOT NULL,              -- 'Y' traced and verified, 'N' not, 'P' pending, 'X' conflict
    full_name      text NOT NULL,              -- 'SURNAME, Given Names'
    preferred_name text,
    dob            text,                       -- dd/mm/yyyy
    gender         text,                       -- 'Male', 'Female', 'Other', 'Not stated'
    address        text,                       -- lines separated by comma
    postcode       text,
    telephone      text,
    gp_practice    text,                       -- ODS
    date_of_death  text,
    sensitive      text NOT NULL DEFAULT 'N',
    amalgamated_into text,
    last_changed   timestamp NOT NULL          -- UTC
);

CREATE TABLE care.referral (
    client_id      text NOT NULL,
    referral_no    integer NOT NULL,
    team_code      text NOT NULL,              -- the trust's own
    team_name      text NOT NULL,
    reason         text,
    urgency        text,                       -- 'Routine', 'Urgent', 'Emergency'
    source         text,                       -- who referred
    status         text NOT NULL,              -- 'Open', 'Accepted', 'Rejected', 'Closed', 'ERROR'
    received       text,
    closed         text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, referral_no)
);

CREATE TABLE care.contact (
    client_id      text NOT NULL,
    referral_no    integer NOT NULL,           -- care.referral
    contact_no     integer NOT NULL,
    kind           text NOT NULL,              -- 'Appointment' (planned), 'Contact' (happened)
    contact_date   text,                       -- dd/mm/yyyy
    contact_time   text,                       -- hh:mm
    mode           text,                       -- 'Home visit', 'Clinic', 'Telephone', 'Video'
    clinician      text,
    outcome        text NOT NULL,              -- 'Booked', 'Attended', 'DNA', 'Cancelled', 'ERROR'
    note           text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, referral_no, contact_no)
);

CREATE TABLE care.care_plan (
    client_id      text NOT NULL,
    plan_no        integer NOT NULL,
    title          text NOT NULL,
    plan_type      text,                       -- the trust's own code
    status         text NOT NULL,              -- 'Draft', 'Active', 'Ended', 'ERROR'
    started        text,
    review_due     text,
    ended          text,
    author         text,
    summary        text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, plan_no)
);

CREATE TABLE care.care_plan_goal (
    client_id      text NOT NULL,
    plan_no        integer NOT NULL,           -- care.care_plan
    goal_no        integer NOT NULL,
    goal           text NOT NULL,
    action         text,
    achieved       text NOT NULL DEFAULT 'N',
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, plan_no, goal_no)
);

CREATE TABLE care.alert (
    client_id      text NOT NULL,
    alert_no       integer NOT NULL,
    alert_code     text,                       -- the trust's own
    alert_text     text NOT NULL,
    category       text,                       -- 'Risk', 'Safeguarding', 'Communication', 'Access'
    active         text NOT NULL,              -- 'Y', 'N', 'ERROR'
    raised         text,
    ended          text,
    note           text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, alert_no)
);

CREATE TABLE care.home_med (
    client_id      text NOT NULL,
    med_no         integer NOT NULL,
    med_code       text,                       -- the trust's own formulary code, or a dm+d code; null = as written only
    code_type      text,                       -- 'DMD', 'RXC'
    med_text       text NOT NULL,              -- as written by the nurse
    dose_text      text,
    route_text     text,
    taking         text NOT NULL,              -- 'Y', 'N', 'Sometimes', 'ERROR'
    seen_on        text,
    started        text,
    stopped        text,
    seen_by        text,
    note           text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, med_no)
);

CREATE TABLE care.allergy_note (
    client_id      text NOT NULL,
    note_no        integer NOT NULL,
    allergy_code   text,                       -- the trust's own, or SNOMED CT
    code_type      text,                       -- 'SCT', 'RXC'
    allergy_text   text NOT NULL,              -- as written; 'NKDA' = no known drug allergies
    reaction_text  text,
    severity       text,                       -- 'Low', 'Medium', 'High'
    status         text NOT NULL,              -- 'Current', 'Past', 'ERROR'
    noted          text,                       -- dd/mm/yyyy, mm/yyyy, yyyy, empty
    noted_by       text,
    last_changed   timestamp NOT NULL,
    PRIMARY KEY (client_id, note_no)
);

ALTER TABLE care.client         REPLICA IDENTITY FULL;
ALTER TABLE care.referral       REPLICA IDENTITY FULL;
ALTER TABLE care.contact        REPLICA IDENTITY FULL;
ALTER TABLE care.care_plan      REPLICA IDENTITY FULL;
ALTER TABLE care.care_plan_goal REPLICA IDENTITY FULL;
ALTER TABLE care.alert          REPLICA IDENTITY FULL;
ALTER TABLE care.home_med       REPLICA IDENTITY FULL;
ALTER TABLE care.allergy_note   REPLICA IDENTITY FULL;
