/* commands.h - the commands of zuruf. argv[0] is the command's own name. Each returns the exit
 * code: 0 done, 1 failed, 2 wrong usage. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

int cmd_serve(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_copy(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_channel(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_triage(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_analyse(int argc, char **argv);
int cmd_render(int argc, char **argv);
int cmd_parse(int argc, char **argv);
int cmd_fetch(int argc, char **argv);
int cmd_key(int argc, char **argv);

#endif
