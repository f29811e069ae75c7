-- Whether something was sent that could not be read as what it should be.
CREATE OR REPLACE MACRO unread(sent, read) AS sent IS NOT NULL AND read IS NULL;
