-- A number, or a range of two (`1-2`), in words without digits that mean nothing; NULL without a number.
CREATE OR REPLACE MACRO spoken_span(low, high) AS
    nullif(spoken(low), '') || if(low = high, '', '-' || spoken(high));
