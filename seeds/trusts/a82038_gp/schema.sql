-- A82038/gp: the general practice's system.
-- Habits: GUID keys; `patient_no` is the local patient id on every table; dates without times. A date known in part is null in
-- its `_date` column and stands as text beside it (`2019`, `2019-03`); both null = undated. Codes are SNOMED CT findings (allergies too),
-- dm+d or the supplier's own (`code_scheme` says which); doses are free text. Most rows are soft-deleted (`deleted`); issues,
-- results and observations are deleted for good. Entered in error = soft-deleted with `deleted_reason` 'error'.
CREATE SCHEMA gp;

CREATE TABLE gp.registration (
    patient_no        integer PRIMARY KEY,
    nhs_no            text,                    -- ten digits
    nhs_no_traced     text NOT NULL,           -- 'verified', 'untraced', 'conflict', 'none'
    surname           text NOT NULL,
    forenames         text NOT NULL,
    known_as          text,
    prefix            text,
    dob               date,
    sex               text NOT NULL,           -- 'male', 'female', 'indeterminate', 'unknown'
    address           text,                    -- lines separated by newline
    postcode          text,
    home_phone        text,
    mobile            text,
    email             text,
    usual_gp          text,
    registered_date   date,
    deducted_date     date,
    status            text NOT NULL,           -- 'R' registered, 'L' left, 'D' died
    death_date        date,
    death_date_text   text,
    shared_record     boolean NOT NULL DEFAULT true,   -- false: the patient opted out of sharing
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

CREATE TABLE gp.consultation (
    consultation_guid uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    consultation_date date,
    date_text         text,
    consultation_type text NOT NULL,           -- 'Surgery', 'Telephone', 'Home visit', 'Admin'
    reason_code       text,                    -- SNOMED CT
    reason_term       text,
    clinician         text,
    note              text,
    entered_date      date NOT NULL,
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

CREATE TABLE gp.problem (
    problem_guid      uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    consultation_guid uuid,
    code              text,
    code_scheme       text NOT NULL,           -- 'SNOMED', 'LOCAL', 'TEXT' (no code)
    term              text NOT NULL,
    status            text NOT NULL,           -- 'Active', 'Past'
    significance      text NOT NULL,           -- 'Significant', 'Minor'
    onset_date        date,
    onset_text        text,
    ended_date        date,
    entered_date      date NOT NULL,
    note              text,
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

CREATE TABLE gp.medication (
    medication_guid   uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    code              text,
    code_scheme       text NOT NULL,           -- 'DMD', 'LOCAL', 'TEXT'
    drug_name         text NOT NULL,
    dosage            text NOT NULL,           -- free text
    quantity          numeric(9,2),
    quantity_unit     text,
    course_type       text NOT NULL,           -- 'R' repeat, 'A' acute, 'D' repeat dispensing
    status            text NOT NULL,           -- 'Current', 'Past'
    authorised_date   date,
    authorised_text   text,
    last_issued_date  date,
    ended_date        date,
    stop_reason       text,
    prescriber        text,
    entered_date      date NOT NULL,
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

CREATE TABLE gp.medication_issue (
    issue_guid        uuid PRIMARY KEY,
    medication_guid   uuid NOT NULL,           -- gp.medication
    patient_no        integer NOT NULL,
    issued_date       date NOT NULL,
    quantity          numeric(9,2),
    quantity_unit     text,
    days_supply       smallint
);

CREATE TABLE gp.allergy (
    allergy_guid      uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    code              text,
    code_scheme       text NOT NULL,           -- 'SNOMED' (a finding), 'LOCAL', 'TEXT'
    term              text NOT NULL,
    allergy_type      text NOT NULL,           -- 'drug', 'non-drug', 'none known'
    reaction          text,
    severity          text,                    -- 'mild', 'moderate', 'severe'
    certainty         text,                    -- 'certain', 'likely', 'unlikely'
    status            text NOT NULL,           -- 'Active', 'Ended'
    onset_date        date,
    onset_text        text,
    entered_date      date NOT NULL,
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

CREATE TABLE gp.test_result (
    result_guid       uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    lab_ref           text,                    -- the laboratory's order number
    panel_term        text,
    code              text,
    code_scheme       text NOT NULL,           -- 'SNOMED', 'LOCAL'
    term              text NOT NULL,
    value             text,                    -- '5.4', '<3', 'Negative'
    unit              text,
    range_low         text,
    range_high        text,
    abnormal          text,                    -- 'high', 'low'
    status            text NOT NULL,           -- 'final', 'corrected'
    taken_date        date,
    taken_text        text,
    received_date     date NOT NULL,
    comment           text
);

CREATE TABLE gp.observation (
    observation_guid  uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    code              text,
    code_scheme       text NOT NULL,           -- 'SNOMED', 'LOCAL'
    term              text NOT NULL,
    value             numeric(9,2),            -- blood pressure: systolic
    value2            numeric(9,2),            -- blood pressure: diastolic
    unit              text,
    observed_date     date,
    observed_text     text,
    recorded_by       text,
    note              text
);

CREATE TABLE gp.immunisation (
    immunisation_guid uuid PRIMARY KEY,
    patient_no        integer NOT NULL,
    code              text,
    code_scheme       text NOT NULL,           -- 'SNOMED' (a procedure), 'DMD', 'LOCAL'
    term              text NOT NULL,
    dose_no           smallint,
    batch             text,
    site              text,
    status            text NOT NULL,           -- 'given', 'declined'
    reason            text,
    given_date        date,
    given_text        text,
    entered_date      date NOT NULL,
    deleted           smallint NOT NULL DEFAULT 0,
    deleted_reason    text
);

ALTER TABLE gp.registration     REPLICA IDENTITY FULL;
ALTER TABLE gp.consultation     REPLICA IDENTITY FULL;
ALTER TABLE gp.problem          REPLICA IDENTITY FULL;
ALTER TABLE gp.medication       REPLICA IDENTITY FULL;
ALTER TABLE gp.medication_issue REPLICA IDENTITY FULL;
ALTER TABLE gp.allergy          REPLICA IDENTITY FULL;
ALTER TABLE gp.test_result      REPLICA IDENTITY FULL;
ALTER TABLE gp.observation      REPLICA IDENTITY FULL;
ALTER TABLE gp.immunisation     REPLICA IDENTITY FULL;
